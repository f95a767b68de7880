using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Rounds.DataSets;

/// <summary>A conversation written as one text, each turn behind an empty line and "Human:" or "Assistant:".</summary>
internal static class Transcript
{
    private const string Gap = "\n\n", Human = "Human:", Assistant = "Assistant:";

    /// <summary>Whether a text is one.</summary>
    internal static bool Is(string text) => text.StartsWith(Gap + Human, StringComparison.Ordinal);

    /// <summary>Its turns, without the space around them; two in a row of the same speaker are one.</summary>
    internal static List<ChatMessage> Parse(string text)
    {
        List<ChatMessage> turns = [];
        for (int at = 0; at < text.Length;)
        {
            (string role, string label) = text.AsSpan(at + Gap.Length).StartsWith(Human) ? ("user", Human) : ("assistant", Assistant);
            int start = at + Gap.Length + label.Length, end = Next(text, start);
            string said = text[start..end].Trim();
            if (turns is [.., var last] && last.Role == role)
                turns[^1] = new ChatMessage(role, $"{last.Content}{Gap}{said}".Trim());
            else
                turns.Add(new ChatMessage(role, said));
            at = end;
        }
        return turns;
    }

    private static int Next(string text, int from)
    {
        int human = text.IndexOf(Gap + Human, from, StringComparison.Ordinal), assistant = text.IndexOf(Gap + Assistant, from, StringComparison.Ordinal);
        return (human, assistant) switch
        {
            ( < 0, < 0) => text.Length,
            ( < 0, _) => assistant,
            (_, < 0) => human,
            _ => Math.Min(human, assistant),
        };
    }
}
