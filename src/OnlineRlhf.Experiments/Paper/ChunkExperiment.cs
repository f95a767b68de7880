using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Rules;
using OnlineRlhf.Experiments.Settings;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>Deployment in 20 chunks, as the paper trains a language model: the ablation of rules, and the win rate against the full refit's policy.</summary>
internal sealed class ChunkExperiment(Scale scale) : IExperiment
{
    private const int Chunks = 20;
    private const string Experiment = "deployment in chunks";

    private static readonly (string Variant, Learner Learner, Func<ISelectionRule> Rule)[] Variants =
    [
        ("exploration", Learner.Exact, () => new Exploration()),
        ("best + top 1/4", Learner.Exact, () => new BestAndQuantile()),
        ("random pair", Learner.Exact, () => new RandomPair()),
        ("best + second", Learner.Exact, () => new BestAndSecond()),
        ("best + worst", Learner.Exact, () => new BestAndWorst()),
        ("matrix-free, best + top 1/4", Learner.MatrixFree, () => new BestAndQuantile()),
    ];

    private int Rounds => scale.IsQuick ? 800 : 6400;

    public string Name => "chunks";

    public IEnumerable<Cell> Cells() =>
        from variant in Variants
        from seed in Scale.SeedsUpTo(scale.Seeds)
        select new Cell(Experiment, variant.Variant, seed, stop => Deployment.RunInChunks(
            new Bandit(seed, 6), variant.Learner, variant.Rule(), Rounds, Chunks, variant.Variant == "exploration" ? variant.Rule() : null, stop));

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("Deployment time in 20 chunks: which rule to ask by");
        report.Paragraph($"""
            As the paper trains a language model: {Rounds} requests in {Chunks} chunks. Within a chunk the policy stays as it is; its answers are learned at the chunk's end. The greedy policy is measured on requests that were never learned on:
            how often its answer is preferred to the language model's first sample, and what it lacks to the best candidate. ‖θ*‖ = 6, exact one-pass learner where none is named.
            """);
        int[] at = [1, 2, 5, 10, 20];
        report.Table(["suboptimality after chunk", .. at.Select(c => c.ToString(System.Globalization.CultureInfo.InvariantCulture)), "win rate at the end"], Variants.Select(v => (string[])
        [
            v.Variant,
            .. at.Select(c => results.Number(Experiment, v.Variant, $"suboptimality@{c}").ToString()),
            results.Number(Experiment, v.Variant, $"win rate@{Chunks}").ToString(),
        ]));
        var plot = new Plot("deployment-chunks.svg", "Suboptimality of the greedy policy", "chunk", "reward below the best candidate", logY: true);
        foreach ((string variant, _, _) in Variants)
            plot.Line(variant, Enumerable.Range(1, Chunks).Select(c => ((double)c, results.Number(Experiment, variant, $"suboptimality@{c}"))));
        report.Picture(plot);
        foreach (string rule in (string[])["random pair", "best + second", "best + worst"])
        {
            Interval difference = results.Difference(Experiment, rule, "exploration", $"suboptimality@{Chunks}");
            report.Claim($"After {Chunks} chunks the exploration rule's policy is better than that of {rule}", $"{rule} lacks {difference} more", difference.Low > 0);
        }
        Interval win = results.Number(Experiment, "exploration", $"win rate against refit@{Chunks}");
        report.Claim("The deployed policy is as good as the full refit's", $"its answers are preferred in {win} of the comparisons", win.Low > 0.49 && win.High < 0.51);
    }
}
