using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.DataSets;

/// <summary>Reads a conversation from one text, in which each turn follows a label such as "Human:" or "Assistant:".</summary>
internal static class Transcript
{
    private const string Line = "\n",
        Paragraph = "\n\n",
        System = "System:";
    private const StringComparison Case = StringComparison.OrdinalIgnoreCase;

    // The labels that need no second label to be recognised come first.
    private static readonly Labels[] Known =
    [
        new("Human:", "Assistant:"),
        new("### Human:", "### Assistant:"),
        new("### Instruction:", "### Response:"),
        new("### User:", "### Assistant:"),
        new("User:", "Assistant:"),
        new("Human:", "AI:"),
        new("User:", "AI:"),
        new("User:", "Bot:"),
    ];

    /// <summary>The turns of a text that begins with a label; null for other texts. Adjacent turns of the same speaker are joined.</summary>
    internal static List<ChatMessage>? Parse(string text)
    {
        string rest = Unix(text);
        foreach (Labels labels in Known)
        {
            if (rest.StartsWith(labels.Assistant, Case))
                return Turns(rest, labels);
            // A text may begin with "User:" by chance. If an answer follows, it is a transcript.
            bool begins =
                rest.StartsWith(labels.User, Case)
                && (
                    HasTurn(rest, labels.Assistant)
                    || (labels == Known[0] && !Array.Exists(Known, l => l.User == labels.User && HasTurn(rest, l.Assistant)))
                );
            if (begins || (rest.StartsWith(System, Case) && HasTurn(rest, labels.User)))
                return Turns(rest, labels);
        }
        return null;
    }

    /// <summary>The turns of an answer that is followed by turns of other speakers, each on its own line; null for other texts.</summary>
    internal static List<ChatMessage>? ParseAnswer(string text)
    {
        if (Parse(text) is { } turns)
            return turns;
        string rest = Unix(text);
        Labels? found = rest.Contains(Paragraph + Known[0].Assistant, Case)
            ? Known[0]
            : Array.Find(Known, l => At(rest, l.User) is >= 0 and var at && (l.User == Known[0].User || At(rest[at..], l.Assistant) >= 0));
        return found is { } labels ? Turns($"{labels.Assistant} {rest}", labels) : null;
    }

    /// <summary>The turns of a prompt that begins without a label, and ends with the label that the answer follows; null for other texts.</summary>
    internal static List<ChatMessage>? ParsePrompt(string text)
    {
        if (Parse(text) is { } turns)
            return turns;
        string rest = Unix(text);
        Labels[] ending = Array.FindAll(Known, l => l.User[0] != '#' && rest.EndsWith(Line + l.Assistant, Case));
        if (ending is [])
            return null;
        string asked = rest[..^ending[0].Assistant.Length].TrimEnd();
        return Array.FindIndex(ending, l => At(asked, l.User) >= 0) is >= 0 and var known
            ? Turns($"{System} {asked}", ending[known])
            : [new ChatMessage("user", asked)];
    }

    private static string Unix(string text) => text.Replace("\r\n", Line, StringComparison.Ordinal).Trim();

    /// <summary>Where a line begins with a label, except for the first line; -1 if there is none.</summary>
    private static int At(string text, string label) => text.IndexOf(Line + label, Case);

    private static bool HasTurn(string text, string label)
    {
        for (int at = text.IndexOf(label, Case); at >= 0; at = text.IndexOf(label, at + 1, Case))
        {
            if (at > 0 && char.IsWhiteSpace(text[at - 1]))
                return true;
        }
        return false;
    }

    private static List<ChatMessage> Turns(string text, Labels labels)
    {
        // Split at the widest gap that occurs before a label, because a narrower gap may be inside of a turn.
        string gap = Array.Find([Paragraph, Line], g => Next(text, 0, g, labels) < text.Length) ?? " ";
        List<ChatMessage> turns = [];
        for (int at = 0; at < text.Length; )
        {
            int label = at == 0 ? 0 : at + gap.Length;
            (string role, string name) =
                text.AsSpan(label).StartsWith(labels.Assistant, Case) ? ("assistant", labels.Assistant)
                : text.AsSpan(label).StartsWith(labels.User, Case) ? ("user", labels.User)
                : ("system", System);
            int start = label + name.Length,
                end = Next(text, start, gap, labels);
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
        int user = text.IndexOf(gap + labels.User, from, Case);
        int assistant = text.IndexOf(gap + labels.Assistant, from, Case);
        return (user, assistant) switch
        {
            (< 0, < 0) => text.Length,
            (< 0, _) => assistant,
            (_, < 0) => user,
            _ => Math.Min(user, assistant),
        };
    }

    private sealed record Labels(string User, string Assistant);
}
