namespace OnlineRlhf.Rounds.Conversations;

/// <summary>A turn of the user: what was asked, and a hash of the answers before it.</summary>
/// <param name="Before">The hash of the answers before it.</param>
/// <param name="Asked">What was asked. Of a very long text only a hash.</param>
internal sealed record ConversationTurn(UInt128 Before, string Asked)
{
    /// <summary>
    /// Whether the same was asked at the same place. A text also counts as the same if the other one holds it as whole lines, because clients put
    /// lines that they retrieved around a question.
    /// </summary>
    internal bool IsRepeatedBy(ConversationTurn other) =>
        Before == other.Before && (HoldsLines(Asked, other.Asked) || HoldsLines(other.Asked, Asked));

    /// <summary>
    /// Whether a history shows this turn. One text may contain the other, because a history can lack what the client had put around the question.
    /// </summary>
    internal bool IsShownAs(ConversationTurn other) =>
        Before == other.Before && (Asked.Contains(other.Asked, StringComparison.Ordinal) || other.Asked.Contains(Asked, StringComparison.Ordinal));

    private static bool HoldsLines(string text, string lines)
    {
        for (int at = text.IndexOf(lines, StringComparison.Ordinal); at >= 0; )
        {
            int end = at + lines.Length;
            if ((at == 0 || text[at - 1] == '\n') && (end == text.Length || text[end] == '\n'))
                return true;
            at = end < text.Length ? text.IndexOf(lines, at + 1, StringComparison.Ordinal) : -1;
        }
        return false;
    }
}
