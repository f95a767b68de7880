using System.Globalization;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Rules;
using OnlineRlhf.Experiments.Settings;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>
/// Deployment in 20 chunks, as the paper trains a language model: the ablation of rules, and the win rate against the full refit's policy.
/// </summary>
internal sealed class ChunkExperiment(Scale scale) : IExperiment
{
    private const int Chunks = 20;
    private const string Experiment = "deployment in chunks";

    /// <summary>More seeds than elsewhere: after so many answers the policies differ by little.</summary>
    private const int Seeds = 64;

    private static readonly Contender Ours = new(Learner.Exact, new Exploration()),
        Second = new(Learner.Exact, new BestAndSecond()),
        Random = new(Learner.Exact, new RandomPair()),
        Worst = new(Learner.Exact, new BestAndWorst());

    private static readonly Contender[] ExactByEveryRule = [Ours, Contender.ByRank(Learner.Exact), Random, Second, Worst];

    private int Rounds => scale.IsQuick ? 800 : 6400;

    public string Name => "chunks";

    private static Contender[] MatrixFree => [.. LearnerFamily.MatrixFree(few: true).Members.Select(Contender.ByRank)];

    private static string Suboptimality => $"suboptimality@{Chunks}";

    private static string AgainstRefit => $"win rate against refit@{Chunks}";

    /// <summary>The suboptimality of best + second's policy less that of the exploration rule's, after all chunks.</summary>
    internal static Interval SecondBest(ResultTable results) => results.Difference(Experiment, Second.Name, Ours.Name, Suboptimality);

    public IEnumerable<Cell> Cells() =>
        from contender in (Contender[])[.. ExactByEveryRule, .. MatrixFree]
        from seed in Scale.SeedsUpTo(Seeds)
        select new Cell(
            Experiment,
            contender.Name,
            seed,
            stop =>
                Deployment.RunInChunks(
                    new Bandit(seed, 6),
                    contender,
                    Rounds,
                    Chunks,
                    againstRefit: contender == Ours || contender.Learner != Learner.Exact,
                    stop
                )
        );

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("Deployment time in 20 chunks: which rule to ask by");
        report.Paragraph(
            $"""
            As the paper trains a language model: {Rounds} requests in {Chunks} chunks. Within a chunk the policy stays as it is; its answers are
            learned at the chunk's end. The greedy policy is measured on requests that were never learned on: what it lacks to the best candidate
            (*suboptimality*), how often its answer is preferred to a candidate at random, and to that of a full refit which lives through the same
            chunks by the same rule. ‖θ*‖ = 6; {Seeds} seeds. Matrix-free: the best of {MatrixFree.Length} step sizes.
            """
        );
        string matrixFree = results.Best(Experiment, MatrixFree.Select(c => c.Name), Suboptimality, smallest: true);
        string[] rows = [.. ExactByEveryRule.Select(c => c.Name), matrixFree];
        int[] at = [1, 2, 5, 10, 20];
        report.Table(
            [
                "suboptimality after chunk",
                .. at.Select(c => c.ToString(CultureInfo.InvariantCulture)),
                "wins at the end",
                "wins against the refit's",
                "regret of all pairs shown",
            ],
            rows.Select(v =>
                (string[])
                    [
                        v,
                        .. at.Select(c => results.Number(Experiment, v, $"suboptimality@{c}").ToString()),
                        results.Number(Experiment, v, $"win rate@{Chunks}").ToString(),
                        results.Has(Experiment, v, AgainstRefit) ? results.Number(Experiment, v, AgainstRefit).ToString() : "",
                        results.Number(Experiment, v, $"regret@{Chunks}").ToString(),
                    ]
            )
        );
        var plot = new Plot("deployment-chunks", "Suboptimality of the greedy policy", "chunk", "reward below the best candidate", logY: true);
        foreach (string row in rows)
            plot.Line(row, Enumerable.Range(1, Chunks).Select(c => ((double)c, results.Number(Experiment, row, $"suboptimality@{c}"))));
        report.Picture(plot);
        Interval ours = results.Number(Experiment, Ours.Name, $"regret@{Chunks}");
        foreach (Contender rival in (Contender[])[Random, Worst])
        {
            Interval other = results.Number(Experiment, rival.Name, $"regret@{Chunks}");
            report.Claim(
                $"In chunks too, what the exploration rule shows has less regret than what {rival.Rule.Name} shows, intervals apart",
                $"{ours} against {other}",
                ours.High < other.Low
            );
        }
        Interval worst = results.Difference(Experiment, Worst.Name, Ours.Name, Suboptimality);
        report.Claim(
            $"After {Chunks} chunks the exploration rule's policy is better than that of best + worst",
            $"best + worst lacks {worst} more",
            worst.Low > 0
        );
        Interval win = results.Number(Experiment, Ours.Name, AgainstRefit),
            freeWin = results.Number(Experiment, matrixFree, AgainstRefit);
        report.ClaimSame(
            $"The deployed policy is preferred to the full refit's in half of the comparisons (matrix-free: {freeWin} of them)",
            win.Minus(0.5),
            scale.IsQuick ? 0.003 : 0.001
        );
    }
}
