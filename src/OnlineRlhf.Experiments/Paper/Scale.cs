namespace OnlineRlhf.Experiments.Paper;

/// <summary>How much is computed: the report, or enough of it to see in minutes that the orderings hold.</summary>
/// <param name="Seeds">Paired seeds of an experiment.</param>
/// <param name="RefitSeeds">Seeds where the exact learner is compared with the full refit: 16 give the ratio to two percent, 64 to one.</param>
/// <param name="IsQuick">Whether long horizons are cut.</param>
internal sealed record Scale(int Seeds, int RefitSeeds, bool IsQuick)
{
    internal static Scale Full { get; } = new(16, 64, false);

    internal static Scale Quick { get; } = new(16, 16, true);

    /// <summary>Cells of one variant, a seed each.</summary>
    internal static IEnumerable<int> SeedsUpTo(int count) => Enumerable.Range(1, count);
}
