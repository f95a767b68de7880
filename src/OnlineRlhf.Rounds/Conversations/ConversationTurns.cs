using System.IO.Hashing;
using System.Runtime.InteropServices;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Rounds.Conversations;

/// <summary>
/// The turns of the user in a conversation. System messages stand apart, because clients put the time and other changing things there. O(length of
/// the conversation) time.
/// </summary>
internal sealed class ConversationTurns
{
    // A round keeps its turn for an hour, and a client may send megabytes.
    private const int LongestKept = 1 << 15;

    private readonly HashSet<UInt128> _exact = [];

    internal ConversationTurns(IReadOnlyList<ChatMessage> messages)
    {
        XxHash128 answers = new(),
            all = new(),
            system = new();
        ConversationTurn? open = null;
        foreach (ChatMessage message in messages)
        {
            if (message.Role == "system")
            {
                Append(system, message.Content, withDigits: false);
                continue;
            }
            Append(all, message.Role);
            Append(all, message.Content);
            // An answer that only calls tools has no text.
            if (message.Role == "assistant" && !string.IsNullOrWhiteSpace(message.Content))
            {
                if (open is not null)
                    LastAnswer = (open, HashOf(message.Content));
                open = null;
                Append(answers, message.Content);
            }
            else if (message.Role == "user")
            {
                Last = open = new ConversationTurn(all.GetCurrentHashAsUInt128(), answers.GetCurrentHashAsUInt128(), Kept(message.Content));
                _exact.Add(open.Exact);
            }
        }
        System = system.GetCurrentHashAsUInt128();
    }

    /// <summary>The last turn; null if the user says nothing.</summary>
    internal ConversationTurn? Last { get; }

    /// <summary>A hash of the system messages, digits aside, because clients put the time into them.</summary>
    internal UInt128 System { get; }

    /// <summary>The last answer, and the turn that it answers; null if there is none.</summary>
    internal (ConversationTurn Turn, UInt128 Hash)? LastAnswer { get; }

    /// <summary>Whether the conversation holds this turn, further on or as its last one.</summary>
    internal bool Hold(ConversationTurn turn) => _exact.Contains(turn.Exact);

    /// <summary>A hash of an answer. It does not depend on white space, which clients change.</summary>
    internal static UInt128 HashOf(string answer)
    {
        var hash = new XxHash128();
        Append(hash, answer);
        return hash.GetCurrentHashAsUInt128();
    }

    private static string Kept(string asked)
    {
        asked = asked.ReplaceLineEndings("\n").Trim();
        return asked.Length <= LongestKept ? asked : HashOf(asked).ToString();
    }

    private static void Append(XxHash128 hash, string text, bool withDigits = true)
    {
        foreach (Range word in text.AsSpan().SplitAny(WhiteSpace))
        {
            ReadOnlySpan<char> letters = text.AsSpan(word);
            if (letters.Length == 0)
                continue;
            if (withDigits || !letters.ContainsAnyInRange('0', '9'))
                hash.Append(MemoryMarshal.AsBytes(letters));
            hash.Append(" "u8);
        }
        hash.Append("\n"u8);
    }

    private static ReadOnlySpan<char> WhiteSpace => " \t\r\n\f\v\u00a0";
}
