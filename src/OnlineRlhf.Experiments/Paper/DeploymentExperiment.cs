using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Rules;
using OnlineRlhf.Experiments.Settings;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>Deployment time, every learner and every rule: regret after 1,500 rounds.</summary>
internal sealed class DeploymentExperiment(Scale scale) : IExperiment
{
    private const int Rounds = 1500;
    private const string Ours = "exact one-pass, exploration", Refit = "full refit, exploration";

    private static readonly (string Variant, Learner Learner, Func<ISelectionRule> Rule)[] Variants =
    [
        (Ours, Learner.Exact, () => new Exploration()),
        (Refit, Learner.FullRefit, () => new Exploration()),
        ("exact, no look-ahead, exploration", Learner.NoLookAhead, () => new Exploration()),
        ("exact one-pass, best + top 1/4", Learner.Exact, () => new BestAndQuantile()),
        ("exact one-pass, rejection sampling", Learner.Exact, () => new RejectionSampling()),
        ("exact one-pass, most uncertain pair", Learner.Exact, () => new MostUncertainPair()),
        ("exact one-pass, random pair", Learner.Exact, () => new RandomPair()),
        ("exact one-pass, best + second", Learner.Exact, () => new BestAndSecond()),
        ("exact one-pass, best + worst", Learner.Exact, () => new BestAndWorst()),
        ("matrix-free, best + top 1/4", Learner.MatrixFree, () => new BestAndQuantile()),
        ("first-order, best + top 1/4", Learner.FirstOrder, () => new BestAndQuantile()),
        ("authors' code, best + top 1/4", Learner.Reference, () => new BestAndQuantile()),
    ];

    /// <summary>Where requests come again with the same candidates, nothing new comes along by itself.</summary>
    private const int Repertoire = 5;

    private const string Repeating = "deployment, requests that come again", Shuffled = "deployment, shuffled labels";

    private static readonly string[] Rivals = ["random pair", "best + second", "best + worst"];

    /// <summary>What the look-ahead point is worth: served regret without it, against with it.</summary>
    internal static Interval WithoutLookAhead(ResultTable results) => results.Ratio(Of(6), "exact, no look-ahead, exploration", Ours, $"served@{Rounds}");

    /// <summary>The pair's regret of best + second against exploration: where every request is new, where requests come again, and how often as much of it is avoidable there.</summary>
    internal static (Interval Fresh, Interval Repeating, double Avoidable) SecondBest(ResultTable results)
    {
        const string second = "exact one-pass, best + second";
        string regret = $"regret@{Rounds}", excess = $"excess@{Rounds}";
        return (results.Ratio(Of(6), second, Ours, regret), results.Ratio(Repeating, second, Ours, regret), results.Number(Repeating, second, excess).Mean / results.Number(Repeating, Ours, excess).Mean);
    }

    /// <summary>How many requests of a person are easy varies much from seed to seed.</summary>
    private int RepeatingSeeds => scale.IsQuick ? 64 : 256;

    private double[] Norms => scale.IsQuick ? [6] : [6, 15];

    public string Name => "deployment";

    public IEnumerable<Cell> Cells()
    {
        foreach (double norm in Norms)
        {
            foreach ((string variant, Learner learner, Func<ISelectionRule> rule) in Variants)
            {
                // The ratio to the full refit is held to three percent, and needs more seeds.
                foreach (int seed in Scale.SeedsUpTo(variant is Ours or Refit ? scale.RefitSeeds : scale.Seeds))
                    yield return new Cell(Of(norm), variant, seed, stop => Deployment.Run(new Bandit(seed, norm), learner, rule(), [Rounds / 10, Rounds], stop));
            }
        }
        foreach ((string variant, Learner learner, Func<ISelectionRule> rule) in Variants.Where(v => v.Learner == Learner.Exact))
        {
            foreach (int seed in Scale.SeedsUpTo(RepeatingSeeds))
                yield return new Cell(Repeating, variant, seed, stop => Deployment.Run(new Bandit(seed, 6, repertoire: Repertoire), learner, rule(), [Rounds / 10, Rounds], stop));
        }
        foreach (int seed in Scale.SeedsUpTo(64))
            yield return new Cell(Shuffled, Ours, seed, stop => Deployment.Run(new Bandit(seed, 6, shuffled: true), Learner.Exact, new Exploration(), [Rounds], stop));
    }

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("Deployment time: every learner, every rule");
        report.Paragraph($"""
            The learner serves requests one after the other. For each it sees {Bandit.Arms} candidates (d = {Bandit.Dimension}), asks about two, and learns from the answer before the next.
            *Regret* counts what the two shown lack to the best candidate, summed over {Rounds} rounds; *served* counts the one that would be served, argmax φᵀθ. Less is better.
            A learner without a local norm cannot use the exploration rule; it has the paper's practical rule, and the step size that is best for it.
            """);
        foreach (double norm in Norms)
        {
            string name = Of(norm);
            report.Paragraph(FormattableString.Invariant($"‖θ*‖ = {norm}:"));
            report.Table(["learner, rule", "regret", "served", "accuracy at the end", "served, against exact"], Variants.Select(v => (string[])
            [
                v.Variant,
                // The same seeds in every row, also where there are more.
                results.Number(name, v.Variant, $"regret@{Rounds}", scale.Seeds).ToString(),
                results.Number(name, v.Variant, $"served@{Rounds}", scale.Seeds).ToString(),
                results.Number(name, v.Variant, "accuracy", scale.Seeds).ToString(),
                v.Variant == Ours ? "1" : results.Ratio(name, v.Variant, Ours, $"served@{Rounds}").ToString(),
            ]));
            Interval ours = results.Number(name, Ours, $"regret@{Rounds}", scale.Seeds);
            // Where every request brings new candidates, the two best differ in new directions each time, and exploration costs what it brings: best + second is told below.
            foreach (string rule in Rivals.Where(r => r != "best + second"))
            {
                Interval other = results.Number(name, $"exact one-pass, {rule}", $"regret@{Rounds}");
                report.Claim(FormattableString.Invariant($"The exploration rule's regret is below that of {rule} (‖θ*‖ = {norm}), intervals apart"), $"{ours} against {other}", ours.High < other.Low);
            }
            Interval ratio = results.Ratio(name, Ours, Refit, $"regret@{Rounds}");
            // Sixteen seeds leave two percent of noise.
            double room = scale.IsQuick ? 0.05 : 0.03;
            report.Claim(FormattableString.Invariant($"The regret is that of the full refit (‖θ*‖ = {norm}): paired ratio inside {1 - room:F2} to {1 + room:F2}"), $"{ratio} over {ratio.Count} seeds", ratio.Low > 1 - room && ratio.High < 1 + room);
            foreach (string learner in (string[])["matrix-free", "first-order", "authors' code"])
            {
                Interval against = results.Ratio(name, $"{learner}, best + top 1/4", Ours, $"served@{Rounds}");
                report.Claim(FormattableString.Invariant($"Exact one-pass serves better than {learner} (‖θ*‖ = {norm})"), $"{learner} has {against} times its served regret", against.Low > 1);
            }
        }
        WriteRepeating(results, report);
        Interval control = results.Number(Shuffled, Ours, "accuracy");
        report.Claim("Control: where answers are a fair coin's, accuracy stays at chance", control.ToString(), Math.Abs(control.Mean - 0.5) < 0.02 && control.Low < 0.5 && control.High > 0.5);
    }

    private void WriteRepeating(ResultTable results, ReportWriter report)
    {
        report.Paragraph($"A person with {Repertoire} requests that come again and again, each with the same {Bandit.Arms} candidates (‖θ*‖ = 6): nothing new comes along by itself, and what is not tried is not learned. *Avoidable* is the regret beyond that of the two best candidates: two different answers must be shown. {results.Number(Repeating, Ours, "accuracy").Count} seeds.");
        string[] variants = [.. Variants.Where(v => v.Learner == Learner.Exact).Select(v => v.Variant)];
        report.Table(["learner, rule", "regret", "of it avoidable", "served", "regret, against exploration"], variants.Select(v => (string[])
        [
            v,
            results.Number(Repeating, v, $"regret@{Rounds}").ToString(),
            results.Number(Repeating, v, $"excess@{Rounds}").ToString(),
            results.Number(Repeating, v, $"served@{Rounds}").ToString(),
            v == Ours ? "1" : results.Ratio(Repeating, v, Ours, $"regret@{Rounds}").ToString(),
        ]));
        // With few seeds the regret that nobody can avoid, which is the same for all, hides the difference to best + second.
        (string what, string number) = scale.IsQuick ? ("avoidable regret", $"excess@{Rounds}") : ("regret", $"regret@{Rounds}");
        Interval ours = results.Number(Repeating, Ours, number);
        foreach (string rule in Rivals)
        {
            Interval other = results.Number(Repeating, $"exact one-pass, {rule}", number);
            report.Claim($"Where requests come again, the exploration rule's {what} is below that of {rule}, intervals apart", $"{ours} against {other}", ours.High < other.Low);
        }
    }

    private static string Of(double norm) => FormattableString.Invariant($"deployment, norm {norm}");
}
