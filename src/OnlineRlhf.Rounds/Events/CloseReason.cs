namespace OnlineRlhf.Rounds.Events;

/// <summary>Why a round is closed.</summary>
public enum CloseReason
{
    /// <summary>The person said which answer is better, or that neither is.</summary>
    Feedback,

    /// <summary>The person skipped the question.</summary>
    Skipped,

    /// <summary>Nobody answered in time.</summary>
    Expired,

    /// <summary>A newer round of the same profile opened.</summary>
    Superseded,
}
