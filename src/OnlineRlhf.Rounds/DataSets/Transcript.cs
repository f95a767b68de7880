using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Rounds.DataSets;

/// <summary>A conversation written as one text, each turn behind a label such as "Human:" or "Assistant:".</summary>
internal static class Transcript
{
    private const string Paragraph = "\n\n", System = "System:";

    // Those that are told by one label alone come first.
    private static readonly Labels[] Known =
    [
        new("Human:", "Assistant:"), new("### Human:", "### Assistant:"), new("### Instruction:", "### Response:"),
        new("USER:", "ASSISTANT:"), new("User:", "Assistant:"),
    ];

    /// <summary>The turns of a text that begins with a label; null for any other. Two turns in a row of the same speaker are one.</summary>
    internal static List<ChatMessage>? Parse(string text)
    {
        string rest = text.Replace("\r\n", "\n", StringComparison.Ordinal).TrimStart();
        foreach (Labels labels in Known)
        {
            if (rest.StartsWith(labels.Assistant, StringComparison.Ordinal))
                return Turns(rest, labels);
            // A text may begin with "User:" and be none; one that goes on with an answer is one.
            bool begins = rest.StartsWith(labels.User, StringComparison.Ordinal) && (labels.User == Known[0].User || HasTurn(rest, labels.Assistant));
            if (begins || (rest.StartsWith(System, StringComparison.Ordinal) && HasTurn(rest, labels.User)))
                return Turns(rest, labels);
        }
        return null;
    }

    /// <summary>The turns of an answer that goes on with labels behind an empty line; null for any other.</summary>
    internal static List<ChatMessage>? ParseAnswer(string text) => Parse(text) ?? After(text, Known[0].Assistant);

    /// <summary>The turns of a prompt that begins without a label, and ends with the one behind which the answer goes; null for any other.</summary>
    internal static List<ChatMessage>? ParsePrompt(string text) => Parse(text)
        ?? (text.TrimEnd().EndsWith(Paragraph + Known[0].Assistant, StringComparison.Ordinal)
            ? After(text, text.Contains(Paragraph + Known[0].User, StringComparison.Ordinal) ? System : Known[0].User)
            : null);

    private static List<ChatMessage>? After(string text, string first)
    {
        string rest = text.Replace("\r\n", "\n", StringComparison.Ordinal).Trim();
        return rest.Contains(Paragraph + Known[0].User, StringComparison.Ordinal)
            || rest.Contains(Paragraph + Known[0].Assistant, StringComparison.Ordinal)
            ? Turns($"{first} {rest}", Known[0])
            : null;
    }

    private static bool HasTurn(string text, string label)
    {
        for (int at = text.IndexOf(label, StringComparison.Ordinal); at >= 0; at = text.IndexOf(label, at + 1, StringComparison.Ordinal))
        {
            if (at > 0 && char.IsWhiteSpace(text[at - 1]))
                return true;
        }
        return false;
    }

    private static List<ChatMessage> Turns(string text, Labels labels)
    {
        // Turns are told by the widest gap that is used, since a narrower one may stand within a turn.
        string gap = Array.Find([Paragraph, "\n"], g => Next(text, 0, g, labels) < text.Length) ?? " ";
        List<ChatMessage> turns = [];
        for (int at = 0; at < text.Length;)
        {
            int label = at == 0 ? 0 : at + gap.Length;
            (string role, string name) = text.AsSpan(label).StartsWith(labels.Assistant) ? ("assistant", labels.Assistant)
                : text.AsSpan(label).StartsWith(labels.User) ? ("user", labels.User)
                : ("system", System);
            int start = label + name.Length, end = Next(text, start, gap, labels);
            string said = text[start..end].Trim();
            if (turns is [.., var last] && last.Role == role)
                turns[^1] = new ChatMessage(role, $"{last.Content}{Paragraph}{said}".Trim());
            else if (role != "system" || said.Length > 0)
                turns.Add(new ChatMessage(role, said));
            at = end;
        }
        return turns;
    }

    private static int Next(string text, int from, string gap, Labels labels)
    {
        int user = text.IndexOf(gap + labels.User, from, StringComparison.Ordinal);
        int assistant = text.IndexOf(gap + labels.Assistant, from, StringComparison.Ordinal);
        return (user, assistant) switch
        {
            ( < 0, < 0) => text.Length,
            ( < 0, _) => assistant,
            (_, < 0) => user,
            _ => Math.Min(user, assistant),
        };
    }

    private readonly record struct Labels(string User, string Assistant);
}
