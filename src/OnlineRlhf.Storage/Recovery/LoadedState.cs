using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage.Recovery;

/// <summary>The part of a state file that could be read.</summary>
/// <param name="Identity">What it belongs to.</param>
/// <param name="Model">The state after the last comparison that could be replayed; null where no checkpoint could be used.</param>
/// <param name="Checkpoints">The two checkpoints' headers; null where one is damaged.</param>
/// <param name="Slots">The comparisons up to the model's last one that the ring still holds.</param>
/// <param name="Report">What happened.</param>
internal sealed record LoadedState(
    StateIdentity Identity,
    OnePassRewardModel? Model,
    CheckpointRecord?[] Checkpoints,
    IReadOnlyList<SlotRecord> Slots,
    RecoveryReport Report
);
