namespace OnlineRlhf.Storage;

/// <summary>How a store came to its state when it was opened.</summary>
public enum RecoveryOutcome
{
    /// <summary>There was no state: θ = 0.</summary>
    Fresh,

    /// <summary>The newest checkpoint and every comparison after it were restored.</summary>
    Restored,

    /// <summary>Something was damaged. What could be restored was, the file as found was kept aside, and a sound one was written.</summary>
    Repaired,

    /// <summary>There was a state, and nothing of it could be used. It was kept aside; θ = 0.</summary>
    Lost,

    /// <summary>
    /// The state's files were deleted, moved or replaced while open. The next use takes what is there now; where nothing is, θ = 0.
    /// </summary>
    Removed,
}
