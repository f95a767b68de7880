namespace OnlineRlhf.Rounds;

/// <summary>What a request's round stands beside.</summary>
public enum RoundScope
{
    /// <summary>A profile has one such round. The next request of the profile supersedes it.</summary>
    Profile,

    /// <summary>A profile has several such rounds side by side. Only the next request of the same conversation supersedes one.</summary>
    Conversation,

    /// <summary>The request opens no round, so nothing can be learned from its answer. It disturbs no other round, and no event tells.</summary>
    None,
}
