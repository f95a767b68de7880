using System.IO.Hashing;
using System.Text;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Rounds;

/// <summary>
/// Recognises a conversation by hashes of its turns. System messages do not count, because clients put the time and other changing things there.
/// </summary>
internal sealed class ConversationTurns
{
    private readonly List<UInt128> _upToUser = [];

    internal ConversationTurns(IReadOnlyList<ChatMessage> messages)
    {
        var hash = new XxHash128();
        foreach (ChatMessage message in messages.Where(m => m.Role != "system"))
        {
            hash.Append(Encoding.UTF8.GetBytes($"{message.Role}\n{message.Content.Trim()}\0"));
            if (message.Role == "user")
                _upToUser.Add(hash.GetCurrentHashAsUInt128());
        }
    }

    /// <summary>Whether this is the same conversation, further on or at the same turn of the user.</summary>
    internal bool Continues(ConversationTurns other) => other._upToUser is [.., var last] && _upToUser.Contains(last);
}
