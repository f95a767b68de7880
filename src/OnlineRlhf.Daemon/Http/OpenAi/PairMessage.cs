using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Http.OpenAi;

/// <summary>
/// Both answers of a round in one message, for chat programs that show one. It ends in a question, so that a voice assistant listens for the reply.
/// </summary>
internal static class PairMessage
{
    private const string Question = "Which is better, first or second?",
        Head = "1.\n",
        Middle = "\n\n2.\n",
        Tail = "\n\n" + Question;

    // What people say or type, in lower case and without punctuation.
    private static readonly Dictionary<string, Preferred> Replies = new()
    {
        ["1"] = Preferred.First,
        ["one"] = Preferred.First,
        ["first"] = Preferred.First,
        ["2"] = Preferred.Second,
        ["two"] = Preferred.Second,
        ["second"] = Preferred.Second,
        ["both"] = Preferred.Tie,
        ["neither"] = Preferred.Tie,
        ["none"] = Preferred.Tie,
        ["tie"] = Preferred.Tie,
        ["skip"] = Preferred.Skip,
    };

    private static readonly char[] Punctuation = [' ', '\t', '\r', '\n', '.', ',', '!', '?', '"', '\''];

    /// <summary>The message of two answers. While the first one is being written, the message is its beginning.</summary>
    internal static string Of(string first, string? second = null) =>
        second is null ? Head + Plain(first) : Head + Plain(first) + Middle + Plain(second) + Tail;

    /// <summary>An answer without what separates two of them.</summary>
    private static string Plain(string answer) => answer.Replace(Middle, "\n2.\n", StringComparison.Ordinal);

    /// <summary>The two answers of such a message; null if it is none.</summary>
    internal static (string First, string Second)? Read(string message)
    {
        string text = message.ReplaceLineEndings("\n").Trim();
        if (!text.StartsWith(Head, StringComparison.Ordinal) || !text.EndsWith(Tail, StringComparison.Ordinal))
            return null;
        int middle = text.IndexOf(Middle, StringComparison.Ordinal);
        return middle < 0 ? null : (text[Head.Length..middle], text[(middle + Middle.Length)..^Tail.Length]);
    }

    /// <summary>The preference that a message of the user is; null if it says anything else.</summary>
    internal static Preferred? Reply(string message)
    {
        if (message.Length > 40)
            return null;
        string[] words = message.ToLowerInvariant().Split(Punctuation, StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> bare = words.Length > 1 ? words.Where((w, i) => w is not ("the" or "number") && (i == 0 || w is not "one")) : words;
        return Replies.TryGetValue(string.Join(' ', bare), out Preferred preferred) ? preferred : null;
    }

    /// <summary>The reply to a pair that a conversation ends with; null if it ends with anything else.</summary>
    internal static PairReply? LastReply(IReadOnlyList<ChatMessage> messages) =>
        messages is [.., { Role: "assistant" } shown, { Role: "user" } last]
        && Read(shown.Content) is { } pair
        && Reply(last.Content) is { } preferred
            ? new PairReply(pair.First, pair.Second, preferred)
            : null;

    /// <summary>One sentence that says what was learned.</summary>
    internal static string Thanks(Preferred preferred) =>
        preferred switch
        {
            Preferred.First => "Learned: the first one is better.",
            Preferred.Second => "Learned: the second one is better.",
            Preferred.Tie => "Learned: neither is better.",
            Preferred.Skip => "Skipped: nothing is learned from these two.",
        };

    /// <summary>
    /// A conversation as the model should read it: instead of each pair the answer that the user kept, without the reply and the sentence of thanks.
    /// If the user chose none, the first one.
    /// </summary>
    internal static ChatMessage[] Replace(ChatMessage[] messages)
    {
        List<ChatMessage> kept = [];
        for (int i = 0; i < messages.Length; i++)
        {
            if (messages[i].Role != "assistant" || Read(messages[i].Content) is not { } pair)
            {
                kept.Add(messages[i]);
                continue;
            }
            Preferred? reply = i + 2 < messages.Length && messages[i + 1].Role == "user" ? Reply(messages[i + 1].Content) : null;
            kept.Add(messages[i] with { Content = reply == Preferred.Second ? pair.Second : pair.First });
            if (reply is not null)
                i += messages[i + 2].Role == "assistant" ? 2 : 1;
        }
        return [.. kept];
    }
}

/// <summary>What a person replied to two answers.</summary>
internal sealed record PairReply(string First, string Second, Preferred Preferred);
