using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>A learner by the name that it has in tables.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Create">Makes one for dimension d and a horizon T.</param>
internal sealed record Learner(string Name, Func<int, long, IRewardModel> Create)
{
    internal static Learner Exact { get; } = OnePass("exact one-pass", new HyperParameters());

    internal static Learner NoLookAhead { get; } = new("exact, no look-ahead", (d, _) => new NoLookAheadRewardModel(d, new HyperParameters()));

    internal static Learner FullRefit { get; } =
        new("full refit", (d, _) => new MaximumLikelihoodRewardModel(d, 1, MaximumLikelihoodRewardModel.Fastest(d)));

    internal static Learner OnePass(string name, HyperParameters hyperParameters) => new(name, (d, _) => new OnePassRewardModel(d, hyperParameters));

    /// <summary>Bytes that a model keeps between two comparisons.</summary>
    internal static long StateBytes(IRewardModel model) =>
        sizeof(double) * (long)model.Dimension
        + model switch
        {
            OnePassRewardModel or NoLookAheadRewardModel => sizeof(double) * (long)model.Dimension * (model.Dimension + 1) / 2,
            MaximumLikelihoodRewardModel refit => refit.HistoryBytes,
            MatrixFreeRewardModel free => (sizeof(float) * (long)model.Dimension + sizeof(double)) * (free.Options.Minibatch - 1),
            _ => 0,
        };
}
