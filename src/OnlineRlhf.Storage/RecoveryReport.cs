namespace OnlineRlhf.Storage;

/// <summary>What happened when a state was opened, for the log. Where <see cref="IsClean"/> is false, something was damaged.</summary>
public sealed record RecoveryReport
{
    /// <summary>How the store came to its state.</summary>
    public required RecoveryOutcome Outcome { get; init; }

    /// <summary>The number of the last comparison in the restored state.</summary>
    public required long Sequence { get; init; }

    /// <summary>The number of the last comparison in the checkpoint that was restored; what follows it was replayed.</summary>
    internal long CheckpointSequence { get; init; }

    /// <summary>Whether the newest checkpoint was damaged and the older one was used, with every comparison after it.</summary>
    internal bool FromOlderCheckpoint { get; init; }

    /// <summary>The last comparison that was replayed before a gap or a damaged slot ended the replay; null where nothing ended it.</summary>
    internal long? ReplayEndedAt { get; init; }

    /// <summary>How many stored comparisons lay beyond the end of the replay and were therefore given up.</summary>
    internal int Discarded { get; init; }

    /// <summary>Where the damaged file is kept, as it was found; null where nothing was damaged.</summary>
    public string? MovedAsideTo { get; init; }

    /// <summary>Whether η, λ or β differ from those of the stored state, so that it was converted.</summary>
    internal bool HyperParametersChanged { get; init; }

    /// <summary>What was damaged, a sentence each.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>Whether nothing was damaged.</summary>
    internal bool IsClean => Problems.Count == 0;
}
