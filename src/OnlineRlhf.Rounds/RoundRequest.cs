using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Rounds.Conversations;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Rounds;

/// <summary>A client's request for answers.</summary>
/// <param name="Messages">The conversation; its last turn is the user's.</param>
public sealed record RoundRequest(IReadOnlyList<ChatMessage> Messages)
{
    /// <summary>The profile of requests that name none.</summary>
    public const string DefaultProfile = "default";

    /// <summary>The profile whose taste decides: 1 to 64 letters, digits, dots, dashes and underscores; the first is a letter or digit.</summary>
    public string Profile { get; init; } = DefaultProfile;

    /// <summary>When to ask; null uses the setting.</summary>
    public AskMode? Ask { get; init; }

    /// <summary>The number of candidates, n; null uses the setting.</summary>
    public int? Candidates { get; init; }

    /// <summary>The most tokens of one answer; null uses the setting.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The sampling temperature; null uses the setting.</summary>
    public float? Temperature { get; init; }

    /// <summary>Makes the candidates and their order repeatable on the same machine; null draws a new seed.</summary>
    public uint? Seed { get; init; }

    /// <summary>Draws only from the likeliest tokens that together have this probability; null uses the setting.</summary>
    public float? TopP { get; init; }

    /// <summary>Lowers the logits of tokens that occurred lately.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Lowers the logits of tokens for each time that they occurred lately.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Texts at which an answer ends.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>What the round stands beside.</summary>
    public RoundScope Scope { get; init; }

    /// <summary>
    /// Who talks, so that the answers that this person keeps teach: the id of a key, or the empty id for the Unix socket. Null if nothing may be
    /// learned from the conversation.
    /// </summary>
    public Guid? Source { get; init; }

    /// <summary>Whether a client program sends the request again by itself, because the connection broke or the daemon was busy.</summary>
    public bool IsRetry { get; init; }

    /// <summary>The turn before, whose answer the history shows; null if it is not remembered. Its round ends with this request.</summary>
    internal Exchange? Answered { get; init; }

    /// <summary>What was asked and answered before, when the person asks the same again; null if not.</summary>
    internal Exchange? Repeated { get; init; }

    /// <summary>The answer that the person wishes to be changed in manner; null if the request is no such wish.</summary>
    internal GivenAnswer? Wished { get; init; }

    /// <summary>Chooses the leader; null for the exploration rule.</summary>
    internal LeaderChooser? Leader { get; init; }

    /// <summary>Whether the answer is chosen among whole ones, since the choice needs more than beginnings.</summary>
    internal bool IsChosenWhole { get; init; }

    /// <summary>The style hint of all candidates; null if the hint selector assigns hints.</summary>
    internal string? Hint { get; init; }

    /// <summary>The turns of the conversation as the client sent it; null if the round belongs to none.</summary>
    internal ConversationTurns? Turns { get; init; }

    internal bool OpensRound => Scope != RoundScope.None;

    /// <summary>Whether people may see the round on a display with buttons.</summary>
    internal bool MayBeShown => Scope == RoundScope.Profile || (Scope == RoundScope.Conversation && Ask != AskMode.Never);

    /// <summary>Whether chance decides which of two answers is shown first. With n: 2, a chat program gets the leader first.</summary>
    internal bool IsShuffled => Scope == RoundScope.Profile || Ask == AskMode.WhenUseful;

    /// <summary>
    /// Whether the model simply answers: one candidate without a style hint, and no choice. Then the last turn may also be another one's than the
    /// user's; if it is the assistant's, the answer continues it.
    /// </summary>
    public bool IsPlain { get; init; }

    /// <summary>Whether the request waits until the answer is finished that is written for comparison while the person reads.</summary>
    public bool IsPatient { get; init; }

    /// <summary>
    /// Whether the request is made to fit: a limit of tokens that is too high is lowered, and a conversation that is too long loses its oldest turns
    /// if the setting allows it.
    /// </summary>
    public bool IsFitted { get; init; }

    /// <summary>The user's last message, which the features compare an answer with.</summary>
    internal string LastUserTurn => Messages.LastOrDefault(m => m.Role == "user")?.Content ?? "";

    /// <summary>Whether the answers to another request are written in the same way, for the same person.</summary>
    internal bool IsSampledLike(RoundRequest other) =>
        (Source, Profile, Ask, Temperature, TopP, MaxTokens, PresencePenalty, FrequencyPenalty)
            == (other.Source, other.Profile, other.Ask, other.Temperature, other.TopP, other.MaxTokens, other.PresencePenalty, other.FrequencyPenalty)
        && Stop.SequenceEqual(other.Stop);

    internal void Validate()
    {
        Validate(Messages, Profile);
        if (!IsPlain)
            RequireUserTurn(Messages);
    }

    /// <exception cref="RoundException">The conversation or the profile's name is invalid.</exception>
    internal static void Validate(IReadOnlyList<ChatMessage> messages, string profile)
    {
        if (messages.Count == 0)
            throw new RoundException(RoundError.BadRequest, "messages is empty: send at least one message of the user.");
        foreach (ChatMessage message in messages)
        {
            if (message.Role is not ("system" or "user" or "assistant" or ChatMessage.Tool))
                throw new RoundException(RoundError.BadRequest, "A message has an unknown role: use system, user or assistant.");
            if (message.Content is null)
                throw new RoundException(RoundError.BadRequest, "A message has no content.");
        }
        RequireName(profile);
    }

    /// <exception cref="RoundException">The last turn is not the user's, or says nothing.</exception>
    internal static void RequireUserTurn(IReadOnlyList<ChatMessage> messages)
    {
        if (messages[^1].Role != "user" || string.IsNullOrWhiteSpace(messages[^1].Content))
            throw new RoundException(RoundError.BadRequest, "The last message must be the user's, and say something.");
    }

    /// <summary>Whether this may be the name of a profile.</summary>
    public static bool IsName(string profile) => Profiles.ProfileName.IsValid(profile);

    /// <exception cref="RoundException">The profile's name is invalid.</exception>
    public static void RequireName(string profile)
    {
        if (!Profiles.ProfileName.IsValid(profile))
            throw new RoundException(RoundError.BadRequest, Profiles.ProfileName.Rule);
    }
}
