namespace OnlineRlhf.Experiments.Tests.Learners;

/// <summary>Every learner of the report, by name.</summary>
internal static class AllLearners
{
    internal static readonly Learner[] All =
    [
        Learner.Exact,
        Learner.NoLookAhead,
        Learner.FullRefit,
        LearnerFamily.MatrixFree(few: true).Members[1],
        LearnerFamily.FirstOrder(few: true).Members[1],
        LearnerFamily.AuthorsCode(few: true).Members[0],
        new("full refit, Newton", (d, _) => new MaximumLikelihoodRewardModel(d, 1, Solver.Newton)),
        new("full refit, L-BFGS", (d, _) => new MaximumLikelihoodRewardModel(d, 1, Solver.LimitedMemoryBfgs)),
        new("matrix-free, minibatch of 4", (d, horizon) => new MatrixFreeRewardModel(d, new MatrixFreeOptions(horizon, Minibatch: 4))),
    ];

    public static TheoryData<string> Names => [.. All.Select(l => l.Name)];

    public static TheoryData<string> WithNorm => [.. All.Where(l => l.Create(2, 10) is ILocalNorm).Select(l => l.Name)];

    internal static IRewardModel Create(string name, int dimension = 3, long horizon = 400) =>
        All.Single(l => l.Name == name).Create(dimension, horizon);
}
