using System.IO.Hashing;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Cells;

/// <summary>A hash over the parts that compute. It tells this program from others whose results might lie in the same folder.</summary>
internal static class BuildIdentity
{
    internal static string Current { get; } = Compute();

    private static string Compute()
    {
        var hash = new XxHash3();
        foreach (
            System.Reflection.Assembly part in (System.Reflection.Assembly[])
                [
                    typeof(BuildIdentity).Assembly,
                    typeof(OnePassRewardModel).Assembly,
                    typeof(Rounds.PreferenceLoop).Assembly,
                    typeof(Inference.LanguageModel).Assembly,
                ]
        )
            hash.Append(part.ManifestModule.ModuleVersionId.ToByteArray());
        string version = typeof(BuildIdentity).Assembly.GetName().Version!.ToString(3);
        return FormattableString.Invariant($"{version}-{hash.GetCurrentHashAsUInt64():x16}");
    }
}
