using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Prompts;

/// <summary>
/// A conversation as tokens, once per distinct style hint. What the conversation itself says stands in front, the same for all of them.
/// </summary>
internal sealed class Prompt
{
    private Prompt(int[] shared, int[][] suffixes, int[] groups)
    {
        Shared = shared;
        Suffixes = suffixes;
        Groups = groups;
    }

    /// <summary>
    /// All up to the end of the last user's text, decoded once: the beginning of the conversation's next prompt too, whatever its hints.
    /// </summary>
    internal int[] Shared { get; }

    /// <summary>What follows it, at least one token, per distinct hint: the hint, and the beginning of the answer's turn.</summary>
    internal int[][] Suffixes { get; }

    /// <summary>For each candidate the index of its suffix.</summary>
    internal int[] Groups { get; }

    /// <summary>Tokens of the longest of the prompts.</summary>
    internal int Longest => Shared.Length + Suffixes.Max(s => s.Length);

    /// <summary>Writes the prompt of a conversation.</summary>
    /// <param name="vocabulary">The model's tokens.</param>
    /// <param name="template">The model's chat template.</param>
    /// <param name="messages">The conversation; thoughts in the assistant's turns are left out.</param>
    /// <param name="hints">A style hint per candidate, null for none.</param>
    /// <param name="flag">What the system turn begins with; null for nothing.</param>
    /// <param name="start">What the assistant's turn begins with.</param>
    internal static Prompt Build(
        Vocabulary vocabulary,
        ChatTemplate template,
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string?> hints,
        string? flag,
        string start
    )
    {
        messages = [.. messages.Select(m => m.Role == "assistant" ? m with { Content = Thoughts.Drop(m.Content) } : m)];
        if (flag is not null && messages[0].Role != "system")
            messages = [new ChatMessage("system", ""), .. messages];
        List<PromptPart> parts = template.Render(messages);
        if (flag is not null && parts.FindIndex(p => p.Message == 0) is >= 0 and var system)
            parts.Insert(system, new PromptPart(messages[0].Content.Length > 0 ? flag + "\n" : flag, null));
        Begin(parts, start);
        int lastUser = messages.Count - 1;
        while (lastUser >= 0 && messages[lastUser].Role != "user")
            lastUser--;
        string?[] distinct = [.. hints.Distinct()];
        (int[] Tokens, int Shared)[] prompts = [.. distinct.Select(hint => Tokenize(vocabulary, parts, messages, lastUser, hint))];
        int shared = Math.Min(prompts[0].Shared, prompts.Min(p => p.Tokens.Length) - 1);
        return new Prompt(
            prompts[0].Tokens[..shared],
            [.. prompts.Select(p => p.Tokens[shared..])],
            [.. hints.Select(h => Array.IndexOf(distinct, h))]
        );
    }

    /// <summary>Begins the assistant's turn. White space that the template has just written is not written again.</summary>
    private static void Begin(List<PromptPart> parts, string start)
    {
        if (start.Length == 0)
            return;
        string written = parts is [.., { Message: null } last] ? last.Template : "";
        int marker = start.TakeWhile(char.IsWhiteSpace).Count();
        if (written.EndsWith(start[..marker], StringComparison.Ordinal))
            start = start[marker..];
        parts.Add(new PromptPart(start, null));
    }

    /// <summary>The tokens of a prompt, and how many of them come before the hint.</summary>
    private static (int[] Tokens, int Shared) Tokenize(
        Vocabulary vocabulary,
        List<PromptPart> parts,
        IReadOnlyList<ChatMessage> messages,
        int lastUser,
        string? hint
    )
    {
        List<int> tokens = [];
        int? shared = null;
        foreach (PromptPart part in parts)
        {
            if (part.Message is not { } message)
            {
                vocabulary.Tokenize(part.Template, control: true, tokens);
                continue;
            }
            vocabulary.Tokenize(messages[message].Content, control: false, tokens);
            if (message != lastUser)
                continue;
            shared = tokens.Count;
            if (hint is not null)
                vocabulary.Tokenize($" ({hint})", control: false, tokens);
        }
        if (vocabulary.BeginningOfText is { } begin && (tokens.Count == 0 || tokens[0] != begin))
        {
            tokens.Insert(0, begin);
            shared++;
        }
        return ([.. tokens], shared ?? tokens.Count);
    }
}
