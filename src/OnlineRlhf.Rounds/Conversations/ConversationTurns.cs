using System.IO.Hashing;
using System.Runtime.InteropServices;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Rounds.Conversations;

/// <summary>
/// The turns of the user in a conversation. System messages do not count, because clients put the time and other changing things there. O(length of
/// the conversation) time.
/// </summary>
internal sealed class ConversationTurns
{
    // A round keeps its turn for an hour, and a client may send megabytes.
    private const int LongestKept = 1 << 15;

    private readonly List<ConversationTurn> _turns = [];

    internal ConversationTurns(IReadOnlyList<ChatMessage> messages)
    {
        var answers = new XxHash128();
        ConversationTurn? open = null;
        foreach (ChatMessage message in messages)
        {
            // An answer that only calls tools has no text.
            if (message.Role == "assistant" && !string.IsNullOrWhiteSpace(message.Content))
            {
                if (open is not null)
                    LastAnswer = (open, HashOf(message.Content));
                open = null;
                Append(answers, message.Content);
            }
            else if (message.Role == "user")
                _turns.Add(open = new ConversationTurn(answers.GetCurrentHashAsUInt128(), Kept(message.Content)));
        }
    }

    /// <summary>The last turn; null if the user says nothing.</summary>
    internal ConversationTurn? Last => _turns.LastOrDefault();

    /// <summary>The last answer, and the turn that it answers; null if there is none.</summary>
    internal (ConversationTurn Turn, UInt128 Hash)? LastAnswer { get; }

    /// <summary>Whether the conversation holds this turn, further on or as its last one.</summary>
    internal bool Hold(ConversationTurn turn) => _turns.Exists(turn.IsShownAs);

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

    private static void Append(XxHash128 hash, string text)
    {
        foreach (Range word in text.AsSpan().SplitAny(WhiteSpace))
        {
            ReadOnlySpan<char> letters = text.AsSpan(word);
            if (letters.Length == 0)
                continue;
            hash.Append(MemoryMarshal.AsBytes(letters));
            hash.Append(" "u8);
        }
        hash.Append("\n"u8);
    }

    private static ReadOnlySpan<char> WhiteSpace => " \t\r\n\f\v\u00a0";
}
