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

    private static readonly Learner[] WithNorm = [Learner.Exact, Learner.FullRefit, Learner.NoLookAhead];

    private LearnerFamily[] Families => LearnerFamily.All(scale.IsQuick);

    private int[] At => scale.IsQuick ? [100, 300, 1000, 3000] : [100, 300, 1000, 3000, 10_000, 30_000];

    public string Name => Experiment;

    /// <summary>The exact learner's accuracy less the full refit's, where comparisons are few.</summary>
    internal static Interval AgainstRefit(ResultTable results) =>
        results.Difference(Experiment, Learner.Exact.Name, Learner.FullRefit.Name, "accuracy@300");

    /// <summary>The pessimistic policy's suboptimality less the greedy one's, where comparisons are few.</summary>
    internal static Interval Pessimism(ResultTable results) =>
        Interval.Of([
            .. results
                .Numbers(Experiment, Learner.Exact.Name, "pessimistic suboptimality@300")
                .Zip(results.Numbers(Experiment, Learner.Exact.Name, "suboptimality@300"), (a, b) => a - b),
        ]);

    public IEnumerable<Cell> Cells() =>
        from learner in (Learner[])[.. WithNorm, .. Families.SelectMany(f => f.Members)]
        from seed in Scale.SeedsUpTo(scale.Seeds)
        select new Cell(Experiment, learner.Name, seed, stop => Passive.Run(new Bandit(seed, 6), learner, Beta, At, stop));

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("Passive: comparisons that arrive by themselves");
        string last = $"accuracy@{At[^1]}";
        string[] rows =
        [
            .. WithNorm.Select(l => l.Name),
            .. Families.Select(f => results.Best(Experiment, f.Members.Select(m => m.Name), last, smallest: false)),
        ];
        Interval ceiling = results.Number(Experiment, Learner.Exact.Name, "ceiling");
        report.Paragraph(
            $"""
            Random pairs, ‖θ*‖ = 6, {scale.Seeds} seeds. Accuracy as above; who knows θ* foresees {ceiling}. The full refit is made where it is
            measured. Of step sizes the one is shown that is most accurate in the end. The matrix-free learner's λ grows towards the last comparison:
            what it has before is the schedule's doing too. *Pessimistic*: argmax φᵀθ − β‖φ − φ̄‖ in the local norm, φ̄ the mean of the candidates.
            """
        );
        report.Table(
            ["accuracy", .. At.Select(t => t.ToString("N0", CultureInfo.InvariantCulture))],
            rows.Select(l => (string[])[l, .. At.Select(t => results.Number(Experiment, l, $"accuracy@{t}").ToString())])
        );
        report.Table(
            ["suboptimality of the policy", .. At.Select(t => t.ToString("N0", CultureInfo.InvariantCulture))],
            rows.Select(l => (string[])[$"{l}, greedy", .. At.Select(t => results.Number(Experiment, l, $"suboptimality@{t}").ToString())])
                .Concat(
                    WithNorm.Select(l =>
                        (string[])
                            [
                                $"{l.Name}, pessimistic β = {Beta.ToString(CultureInfo.InvariantCulture)}",
                                .. At.Select(t => results.Number(Experiment, l.Name, $"pessimistic suboptimality@{t}").ToString()),
                            ]
                    )
                )
        );
        var plot = new Plot("passive", "Accuracy on new pairs, passive", "comparisons", "accuracy", logX: true);
        foreach (string row in rows)
            plot.Line(row, At.Select(t => ((double)t, results.Number(Experiment, row, $"accuracy@{t}"))));
        report.Picture(plot);
        report.ClaimSame(
            $"After {At[^1].ToString("N0", CultureInfo.InvariantCulture)} random comparisons one pass is as accurate as the full refit",
            results.Difference(Experiment, Learner.Exact.Name, Learner.FullRefit.Name, last),
            scale.IsQuick ? 0.002 : 0.0005
        );
        string rival = results.Best(
            Experiment,
            LearnerFamily.FirstOrder(scale.IsQuick).Members.Select(m => m.Name),
            $"accuracy@{At[1]}",
            smallest: false
        );
        Interval early = results.Difference(Experiment, Learner.Exact.Name, rival, $"accuracy@{At[1]}");
        report.Claim(
            $"After {At[1]} random comparisons one pass is more accurate than first-order with the step size that is best then",
            $"by {early}",
            early.Low > 0
        );
    }
}
