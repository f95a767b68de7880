using System.Globalization;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Rules;
using OnlineRlhf.Experiments.Settings;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>What each number of each learner does: η, λ, β; step sizes; the matrix-free schedules, K and the minibatch.</summary>
internal sealed class AblationExperiment(Scale scale) : IExperiment
{
    private const int Rounds = 1500;
    private const string Experiment = "ablation";

    private static readonly double[] Factors = [0.25, 0.5, 1, 2, 4];

    public string Name => "ablation";

    private static IEnumerable<(string Part, string Value, Learner Learner, ISelectionRule Rule)> Variants()
    {
        foreach (double f in Factors)
            yield return ("exact one-pass: η", Text(f), Learner.OnePass("", new HyperParameters(StepSize: f)), new Exploration());
        foreach (double f in (double[])[0.1, 0.3, 1, 3, 10])
            yield return ("exact one-pass: λ", Text(f), Learner.OnePass("", new HyperParameters(Regularization: f)), new Exploration());
        foreach (double f in (double[])[0, 0.5, 1, 2, 4])
            yield return ("exact one-pass: β", Text(f), Learner.Exact, new Exploration(f));
        foreach (int q in (int[])[2, 3, 4, 8])
            yield return ("exact one-pass, best + top 1/q: q", Text(q), Learner.Exact, new BestAndQuantile(q));
        foreach (double f in (double[])[0.25, 0.5, 1, 2, 4, 8, 16])
            yield return ("first-order: c in η = c/√t", Text(f), new Learner("", (d, _) => new FirstOrderRewardModel(d, f)), new BestAndQuantile());
        foreach (double f in (double[])[0.05, 0.1, 0.2, 0.5, 1, 2])
            yield return ("authors' code: η", Text(f), new Learner("", (d, _) => new ReferenceRewardModel(d, f)), new BestAndQuantile());
        foreach ((string when, double growth) in ((string, double)[])[("never", 0.5), ("for the first 100, as theirs", 100), ("always", 1e9)])
            yield return (
                "authors' code, η = 0.1: conjugate gradient",
                when,
                new Learner("", (d, _) => new ReferenceRewardModel(d, 0.1, growth: growth)),
                new BestAndQuantile()
            );
        foreach (double f in (double[])[0.1, 0.2, 0.5, 1, 2, 4])
            yield return ("matrix-free: η", Text(f), Free(t => new MatrixFreeOptions(t, f, LastRegularization: 10)), new BestAndQuantile());
        foreach (RegularizationSchedule schedule in Enum.GetValues<RegularizationSchedule>())
        {
            foreach (double last in (double[])(schedule == RegularizationSchedule.Constant ? [1] : [1, 10, 30]))
                yield return (
                    "matrix-free: schedule of λ from 0.8",
                    string.Create(CultureInfo.InvariantCulture, $"{schedule} to {last}"),
                    Free(t => new MatrixFreeOptions(t, LastRegularization: last, Schedule: schedule)),
                    new BestAndQuantile()
                );
        }
        foreach (int batch in (int[])[1, 8, 32])
        {
            foreach (int steps in (int[])[1, 2, 3, 5, 10])
                yield return (
                    "matrix-free: minibatch and K, η = minibatch/4 + ¾",
                    $"{batch}, K = {steps}",
                    Free(t => new MatrixFreeOptions(t, StepSize: (batch + 3) / 4.0, LastRegularization: 10, Steps: steps, Minibatch: batch)),
                    new BestAndQuantile()
                );
        }

        static Learner Free(Func<long, MatrixFreeOptions> options) => new("", (d, horizon) => new MatrixFreeRewardModel(d, options(horizon)));
    }

    public IEnumerable<Cell> Cells() =>
        scale.IsQuick
            ? []
            : from variant in Variants()
            from seed in Scale.SeedsUpTo(scale.Seeds)
            select new Cell(
                Experiment,
                $"{variant.Part} {variant.Value}",
                seed,
                stop => Deployment.Run(new Bandit(seed, 6), variant.Learner, variant.Rule, [Rounds], stop)
            );

    public void Write(ResultTable results, ReportWriter report)
    {
        if (scale.IsQuick)
            return;
        report.Heading("Ablations");
        report.Paragraph(
            $"Deployment, {Rounds} rounds, ‖θ*‖ = 6; everything that is not named has its default: η = λ = β = 1, the exploration "
                + "rule for the exact learner; for the others best + top 1/4, and in the matrix-free η = 1 and λ from 0.8 linearly to 10. "
                + $"{scale.Seeds} seeds. Columns are equal where the settings are: of {Bandit.Arms} candidates q = 3 and q = 4 name the same place "
                + "and q = 8 the second, and with a minibatch of one comparison the first step of conjugate gradient is the solution, whatever K."
        );
        foreach (IGrouping<string, (string Part, string Value, Learner, ISelectionRule)> part in Variants().GroupBy(v => v.Part))
        {
            report.Table(
                [part.Key, .. part.Select(v => v.Value)],
                ((string[])["regret", "served"]).Select(number =>
                    (string[])[number, .. part.Select(v => results.Number(Experiment, $"{v.Part} {v.Value}", $"{number}@{Rounds}").ToString())]
                )
            );
        }
    }

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
