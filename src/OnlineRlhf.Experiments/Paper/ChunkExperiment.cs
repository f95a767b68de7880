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

    /// <summary>Policies after so many answers differ by little: it takes more seeds to see.</summary>
    private const int Seeds = 64;

    private int Rounds => scale.IsQuick ? 800 : 6400;

    public string Name => "chunks";

    /// <summary>What the policy of best + second lacks more than the exploration rule's, after all chunks.</summary>
    internal static Interval SecondBest(ResultTable results) => results.Difference(Experiment, "best + second", "exploration", $"suboptimality@{Chunks}");

    public IEnumerable<Cell> Cells() =>
        from variant in Variants
        from seed in Scale.SeedsUpTo(Seeds)
        select new Cell(Experiment, variant.Variant, seed, stop => Deployment.RunInChunks(
            new Bandit(seed, 6), variant.Learner, variant.Rule(), Rounds, Chunks, variant.Variant == "exploration" ? variant.Rule() : null, stop));

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("Deployment time in 20 chunks: which rule to ask by");
        report.Paragraph($"""
            As the paper trains a language model: {Rounds} requests in {Chunks} chunks. Within a chunk the policy stays as it is; its answers are learned at the chunk's end. The greedy policy is measured on requests that were never learned on:
            how often its answer is preferred to the language model's first sample, and what it lacks to the best candidate. ‖θ*‖ = 6, exact one-pass learner where none is named; {Seeds} seeds.
            """);
        int[] at = [1, 2, 5, 10, 20];
        report.Table(["suboptimality after chunk", .. at.Select(c => c.ToString(System.Globalization.CultureInfo.InvariantCulture)), "win rate at the end", "regret of all pairs shown"], Variants.Select(v => (string[])
        [
            v.Variant,
            .. at.Select(c => results.Number(Experiment, v.Variant, $"suboptimality@{c}").ToString()),
            results.Number(Experiment, v.Variant, $"win rate@{Chunks}").ToString(),
            results.Number(Experiment, v.Variant, $"regret@{Chunks}").ToString(),
        ]));
        var plot = new Plot("deployment-chunks.svg", "Suboptimality of the greedy policy", "chunk", "reward below the best candidate", logY: true);
        foreach ((string variant, _, _) in Variants)
            plot.Line(variant, Enumerable.Range(1, Chunks).Select(c => ((double)c, results.Number(Experiment, variant, $"suboptimality@{c}"))));
        report.Picture(plot);
        Interval ours = results.Number(Experiment, "exploration", $"regret@{Chunks}");
        foreach (string rule in (string[])["random pair", "best + worst"])
        {
            Interval other = results.Number(Experiment, rule, $"regret@{Chunks}");
            report.Claim($"In chunks too, what the exploration rule shows has less regret than what {rule} shows, intervals apart", $"{ours} against {other}", ours.High < other.Low);
        }
        Interval worst = results.Difference(Experiment, "best + worst", "exploration", $"suboptimality@{Chunks}");
        report.Claim($"After {Chunks} chunks its policy is better than that of best + worst", $"best + worst lacks {worst} more", worst.Low > 0);
        Interval win = results.Number(Experiment, "exploration", $"win rate against refit@{Chunks}");
        report.Claim("The deployed policy is as good as the full refit's", $"its answers are preferred in {win} of the comparisons", win.Low > 0.49 && win.High < 0.51);
    }
}
