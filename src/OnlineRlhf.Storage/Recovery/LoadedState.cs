using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage.Recovery;

/// <summary>The part of a state file that could be read.</summary>
/// <param name="Identity">What it belongs to.</param>
/// <param name="Version">The format of the file.</param>
/// <param name="Model">The state after the last comparison that could be replayed; null where no checkpoint could be used.</param>
/// <param name="Checkpoints">The two checkpoints' headers; null where one is damaged.</param>
/// <param name="Slots">The comparisons up to the model's last one that the ring still holds.</param>
/// <param name="History">What the model's comparisons left besides it.</param>
/// <param name="Journal">The epoch, the trusted sources and what is held back.</param>
/// <param name="Report">What happened.</param>
internal sealed record LoadedState(
    StateIdentity Identity,
    int Version,
    OnePassRewardModel? Model,
    CheckpointRecord?[] Checkpoints,
    IReadOnlyList<SlotRecord> Slots,
    History History,
    JournalRecord Journal,
    RecoveryReport Report
)
{
    /// <summary>Why nothing can be recorded in the file that is there; null where it can.</summary>
    public StateException? Refusal { get; init; }
}
