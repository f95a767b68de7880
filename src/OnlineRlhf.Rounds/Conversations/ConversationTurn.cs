namespace OnlineRlhf.Rounds.Conversations;

/// <summary>A turn of the user.</summary>
/// <param name="Exact">A hash of the conversation up to this turn, system messages and white space aside.</param>
/// <param name="Before">A hash of the answers before it.</param>
/// <param name="Asked">What was asked. Of a very long text only a hash.</param>
internal sealed record ConversationTurn(UInt128 Exact, UInt128 Before, string Asked)
{
    /// <summary>
    /// Whether a history shows this turn. One text may contain the other, because a history can lack what the client had put around the question.
    /// Only for a turn whose answer was recognised too.
    /// </summary>
    internal bool IsShownAs(ConversationTurn other) =>
        Exact == other.Exact || (Before == other.Before && (Holds(Asked, other.Asked) || Holds(other.Asked, Asked)));

    private static bool Holds(string text, string part) => part.Length > 0 && text.Contains(part, StringComparison.Ordinal);
}
