using System.Globalization;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Settings;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>The paper's passive curve: accuracy against T up to 30,000 comparisons.</summary>
internal sealed class PassiveExperiment(Scale scale) : IExperiment
{
    private const string Experiment = "passive";
    private const double Beta = 0.1;

    private static readonly Learner[] Learners = [Learner.Exact, Learner.FullRefit, Learner.NoLookAhead, Learner.MatrixFree, Learner.FirstOrder, Learner.Reference];

    private int[] At => scale.IsQuick ? [100, 300, 1000, 3000] : [100, 300, 1000, 3000, 10_000, 30_000];

    public string Name => Experiment;

    /// <summary>The exact learner's accuracy less the full refit's, where comparisons are few.</summary>
    internal static Interval AgainstRefit(ResultTable results) => results.Difference(Experiment, Learner.Exact.Name, Learner.FullRefit.Name, "accuracy@300");

    /// <summary>The pessimistic policy's suboptimality less the greedy one's, where comparisons are few.</summary>
    internal static Interval Pessimism(ResultTable results) => Interval.Of([.. results.Numbers(Experiment, Learner.Exact.Name, "pessimistic suboptimality@300")
        .Zip(results.Numbers(Experiment, Learner.Exact.Name, "suboptimality@300"), (a, b) => a - b)]);

    public IEnumerable<Cell> Cells() =>
        from learner in Learners
        from seed in Scale.SeedsUpTo(scale.Seeds)
        select new Cell(Experiment, learner.Name, seed, stop => Passive.Run(new Bandit(seed, 6), learner, Beta, At, stop));

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("Passive: comparisons that arrive by themselves");
        report.Paragraph($"""
            Random pairs, ‖θ*‖ = 6. Accuracy as above; who knows θ* foresees {results.Number(Experiment, Learner.Exact.Name, "ceiling")}. The full refit is made where it is measured.
            """);
        report.Table(["accuracy", .. At.Select(t => t.ToString("N0", CultureInfo.InvariantCulture))], Learners.Select(l => (string[])
            [l.Name, .. At.Select(t => results.Number(Experiment, l.Name, $"accuracy@{t}").ToString())]));
        report.Table(["suboptimality of the policy", .. At.Select(t => t.ToString("N0", CultureInfo.InvariantCulture))],
            Learners.Select(l => (string[])[$"{l.Name}, greedy", .. At.Select(t => results.Number(Experiment, l.Name, $"suboptimality@{t}").ToString())])
            .Concat(Learners.Where(l => results.Has(Experiment, l.Name, $"pessimistic suboptimality@{At[0]}")).Select(l => (string[])
                [$"{l.Name}, pessimistic β = {Beta.ToString(CultureInfo.InvariantCulture)}", .. At.Select(t => results.Number(Experiment, l.Name, $"pessimistic suboptimality@{t}").ToString())])));
        var plot = new Plot("passive.svg", "Accuracy on new pairs, passive", "comparisons", "accuracy", logX: true);
        foreach (Learner learner in Learners)
            plot.Line(learner.Name, At.Select(t => ((double)t, results.Number(Experiment, learner.Name, $"accuracy@{t}"))));
        report.Picture(plot);
        Interval same = results.Difference(Experiment, Learner.Exact.Name, Learner.FullRefit.Name, $"accuracy@{At[^1]}");
        report.Claim("After all comparisons one pass is as accurate as the full refit", $"difference {same}", Math.Abs(same.Mean) < 0.003);
        Interval early = results.Difference(Experiment, Learner.Exact.Name, Learner.FirstOrder.Name, $"accuracy@{At[1]}");
        report.Claim($"After {At[1]} comparisons it is more accurate than first-order", $"by {early}", early.Low > 0);
    }
}
