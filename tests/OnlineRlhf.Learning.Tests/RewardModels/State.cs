using System.Runtime.InteropServices;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Learning.Tests.RewardModels;

/// <summary>The bits of a model's state.</summary>
internal sealed record State(long Comparisons, string Bits)
{
    public static State Of(OnePassRewardModel model) =>
        new(
            model.Comparisons,
            string.Concat(
                Convert.ToHexString(MemoryMarshal.AsBytes(model.Parameter)),
                "|",
                Convert.ToHexString(MemoryMarshal.AsBytes(model.AverageParameter)),
                "|",
                Convert.ToHexString(MemoryMarshal.AsBytes(model.Factor))
            )
        );
}
