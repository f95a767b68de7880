using System.Globalization;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>
/// Learners that differ in their step size alone. A report computes all of them, and shows the one that does best on the seeds of the report.
/// If anything, that favours these baselines.
/// </summary>
/// <param name="Name">What they have in common.</param>
/// <param name="Members">The learners.</param>
internal sealed record LearnerFamily(string Name, Learner[] Members)
{
    private const double LastRegularization = 10;

    private static readonly double[] Steps = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
        FewSteps = [0.1, 1, 3];

    /// <summary>First-order descent, the matrix-free variant and the authors' code: the learners whose step size matters.</summary>
    internal static LearnerFamily[] All(bool few) => [MatrixFree(few), FirstOrder(few), AuthorsCode(few)];

    internal static LearnerFamily MatrixFree(bool few) =>
        Of(
            "matrix-free",
            "η",
            few,
            (d, horizon, step) => new MatrixFreeRewardModel(d, new MatrixFreeOptions(horizon, step, LastRegularization: LastRegularization))
        );

    internal static LearnerFamily FirstOrder(bool few) => Of("first-order", "c", few, (d, _, step) => new FirstOrderRewardModel(d, step));

    internal static LearnerFamily AuthorsCode(bool few) => Of("authors' code", "η", few, (d, _, step) => new ReferenceRewardModel(d, step));

    private static LearnerFamily Of(string name, string symbol, bool few, Func<int, long, double, IRewardModel> create) =>
        new(
            name,
            [
                .. (few ? FewSteps : Steps).Select(step => new Learner(
                    string.Create(CultureInfo.InvariantCulture, $"{name}, {symbol} = {step}"),
                    (d, horizon) => create(d, horizon, step)
                )),
            ]
        );
}
