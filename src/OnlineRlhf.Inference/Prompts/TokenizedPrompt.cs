using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Prompts;

/// <summary>A conversation as the tokens of one model, tokenised only once. A style hint goes between its two parts.</summary>
public sealed class TokenizedPrompt
{
    private readonly int[] _before,
        _after;
    private readonly bool _takesHints;

    // Used by one thread at a time, as the model is.
    private readonly Dictionary<string, int[]> _suffixes = [];

    private TokenizedPrompt(int[] before, int[] after, bool takesHints, bool isContinued)
    {
        IsContinued = isContinued;
        _before = before;
        _after = after;
        _takesHints = takesHints;
    }

    /// <summary>Whether the assistant's last turn is continued.</summary>
    internal bool IsContinued { get; }

    /// <summary>How many tokens the conversation has, without a style hint.</summary>
    public int Tokens => _before.Length + _after.Length;

    /// <summary>Tokenises a conversation. If its last turn is the assistant's, the answer continues it.</summary>
    /// <param name="vocabulary">The vocabulary of the model.</param>
    /// <param name="template">The model's chat template.</param>
    /// <param name="messages">The conversation. Thoughts in the assistant's turns are removed.</param>
    /// <param name="flag">The text that the system turn begins with; null for none.</param>
    /// <param name="start">The text that the assistant's turn begins with.</param>
    internal static TokenizedPrompt Of(Vocabulary vocabulary, ChatTemplate template, IReadOnlyList<ChatMessage> messages, string? flag, string start)
    {
        string? continued = messages is [.., { Role: "assistant" } last] ? last.Content : null;
        if (continued is not null)
            messages = messages.Count > 1 ? [.. messages.SkipLast(1)] : [new ChatMessage("user", "")];
        messages =
        [
            .. messages.Select(m =>
                m.Role switch
                {
                    "assistant" => m with { Content = Thoughts.Drop(m.Content) },
                    ChatMessage.Tool => m with { Role = "system" },
                    _ => m,
                }
            ),
        ];
        if (flag is not null && messages[0].Role != "system")
            messages = [new ChatMessage("system", ""), .. messages];
        List<PromptPart> parts = template.Render(messages);
        if (flag is not null && parts.FindIndex(p => p.Message == 0) is >= 0 and var system)
            parts.Insert(system, new PromptPart(messages[0].Content.Length > 0 ? flag + "\n" : flag, null));
        Begin(parts, start);
        int lastUser = messages.Count - 1;
        while (lastUser >= 0 && messages[lastUser].Role != "user")
            lastUser--;
        List<int> before = [],
            after = [];
        List<int> tokens = before;
        foreach (PromptPart part in parts)
        {
            if (part.Message is not { } message)
            {
                vocabulary.Tokenize(part.Template, control: true, tokens);
                continue;
            }
            vocabulary.Tokenize(messages[message].Content, control: false, tokens);
            if (message == lastUser)
                tokens = after;
        }
        if (continued is not null)
            vocabulary.Tokenize(continued, control: false, tokens);
        if (vocabulary.BeginningOfText is { } begin && (before.Count == 0 || before[0] != begin))
            before.Insert(0, begin);
        return new TokenizedPrompt([.. before], [.. after], takesHints: tokens == after && continued is null, continued is not null);
    }

    /// <summary>The prompts of a request.</summary>
    /// <param name="vocabulary">The vocabulary of the same model.</param>
    /// <param name="hints">The style hint of each candidate, null for none.</param>
    internal Prompt With(Vocabulary vocabulary, IReadOnlyList<string?> hints)
    {
        string?[] distinct = [.. hints.Distinct()];
        int[][] suffixes = [.. distinct.Select(Suffix)];
        int[] groups = [.. hints.Select(h => Array.IndexOf(distinct, h))];
        // The last token of the suffix gives the first logits of an answer. If a suffix is empty, move the last shared token into all suffixes.
        return suffixes.Min(s => s.Length) > 0
            ? new Prompt(_before, suffixes, groups)
            : new Prompt(_before[..^1], [.. suffixes.Select(s => (int[])[_before[^1], .. s])], groups);

        int[] Suffix(string? hint)
        {
            if (hint is null || !_takesHints)
                return _after;
            if (!_suffixes.TryGetValue(hint, out int[]? suffix))
            {
                List<int> tokens = [];
                vocabulary.Tokenize($" ({hint})", control: false, tokens);
                _suffixes[hint] = suffix = [.. tokens, .. _after];
            }
            return suffix;
        }
    }

    /// <summary>Adds the beginning of the assistant's turn. White space that the template already ends with is not repeated.</summary>
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
}
