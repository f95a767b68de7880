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
    private const string Repeating = "deployment, requests that come again",
        Shuffled = "deployment, shuffled labels";

    /// <summary>How many requests come again. With the same candidates each time, they bring nothing new by themselves.</summary>
    private const int Repertoire = 5;

    /// <summary>Larger numbers of requests that come again: the more there are, the more they bring by themselves.</summary>
    private static readonly int[] LargerRepertoires = [10, 20, 50];

    private static readonly Contender Ours = new(Learner.Exact, new Exploration()),
        Refit = new(Learner.FullRefit, new Exploration()),
        NoLookAhead = new(Learner.NoLookAhead, new Exploration()),
        OursByRank = Contender.ByRank(Learner.Exact),
        Second = new(Learner.Exact, new BestAndSecond()),
        Random = new(Learner.Exact, new RandomPair()),
        Worst = new(Learner.Exact, new BestAndWorst());

    private static readonly Contender[] ExactByEveryRule =
    [
        Ours,
        OursByRank,
        new(Learner.Exact, new RejectionSampling()),
        new(Learner.Exact, new MostUncertainPair()),
        Random,
        Second,
        Worst,
    ];

    /// <summary>More seeds than elsewhere: how many of a person's requests are easy varies much from seed to seed.</summary>
    private int RepeatingSeeds => scale.IsQuick ? 64 : 256;

    private static readonly double[] AllNorms = [6, 15];

    private double[] Norms => scale.IsQuick ? AllNorms[..1] : AllNorms;

    public string Name => "deployment";

    private static string Regret => $"regret@{Rounds}";

    private static string Served => $"served@{Rounds}";

    private static string Avoidable => $"excess@{Rounds}";

    /// <summary>What the look-ahead point is worth: the served regret without it, divided by that with it.</summary>
    internal static Interval WithoutLookAhead(ResultTable results) => results.Ratio(Of(6), NoLookAhead.Name, Ours.Name, Served);

    /// <summary>
    /// Regret of best + second against exploration where every request is new, at each ‖θ*‖: of the pair, and of the served answer.
    /// </summary>
    internal static IEnumerable<(double Norm, Interval Pair, Interval Served)> SecondBest(ResultTable results) =>
        from norm in AllNorms
        where results.HasExperiment(Of(norm))
        select (norm, results.Ratio(Of(norm), Second.Name, Ours.Name, Regret), results.Ratio(Of(norm), Second.Name, Ours.Name, Served));

    /// <summary>The same ratio for the pair where requests come again, and the ratio of the avoidable part of it.</summary>
    internal static (Interval Pair, double Avoidable) SecondBestOfRepeating(ResultTable results) =>
        (
            results.Ratio(Repeating, Second.Name, Ours.Name, Regret),
            results.Number(Repeating, Second.Name, Avoidable).Mean / results.Number(Repeating, Ours.Name, Avoidable).Mean
        );

    public IEnumerable<Cell> Cells()
    {
        foreach (double norm in Norms)
        {
            foreach (
                Contender contender in (Contender[])
                    [.. ExactByEveryRule, Refit, NoLookAhead, .. LearnerFamily.All(scale.IsQuick).SelectMany(f => f.Members).Select(Contender.ByRank)]
            )
            {
                // Write claims the ratio to the full refit to three percent: that needs more seeds.
                foreach (int seed in Scale.SeedsUpTo(contender == Ours || contender == Refit ? scale.RefitSeeds : scale.Seeds))
                    yield return new Cell(
                        Of(norm),
                        contender.Name,
                        seed,
                        stop => Deployment.Run(new Bandit(seed, norm), contender.Learner, contender.Rule, [Rounds / 10, Rounds], stop)
                    );
            }
        }
        foreach (Contender contender in ExactByEveryRule)
        {
            foreach (int seed in Scale.SeedsUpTo(RepeatingSeeds))
                yield return new Cell(
                    Repeating,
                    contender.Name,
                    seed,
                    stop =>
                        Deployment.Run(new Bandit(seed, 6, repertoire: Repertoire), contender.Learner, contender.Rule, [Rounds / 10, Rounds], stop)
                );
        }
        foreach (int repertoire in scale.IsQuick ? [] : LargerRepertoires)
        {
            foreach (Contender contender in (Contender[])[Ours, Second])
            {
                foreach (int seed in Scale.SeedsUpTo(RepeatingSeeds))
                    yield return new Cell(
                        $"{Repeating}: {repertoire}",
                        contender.Name,
                        seed,
                        stop => Deployment.Run(new Bandit(seed, 6, repertoire: repertoire), contender.Learner, contender.Rule, [Rounds], stop)
                    );
            }
        }
        foreach (int seed in Scale.SeedsUpTo(64))
            yield return new Cell(
                Shuffled,
                Ours.Name,
                seed,
                stop => Deployment.Run(new Bandit(seed, 6, shuffled: true), Ours.Learner, Ours.Rule, [Rounds], stop)
            );
    }

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("Deployment time: every learner, every rule");
        int stepSizes = LearnerFamily.FirstOrder(scale.IsQuick).Members.Length;
        report.Paragraph(
            $"""
            The learner serves requests one after the other. For each it sees {Bandit.Arms} candidates (d = {Bandit.Dimension}), asks about two, and
            learns from the answer before the next. *Regret* counts what the two shown lack to the best candidate, summed over {Rounds} rounds; a
            rule that shows bad answers on purpose has much of it by that alone. *Served* counts the one that would be served, argmax φᵀθ. *Accuracy*
            is the share of answers to random pairs of new requests that the last θ foresees. Less regret is better. A learner without a local norm
            cannot use the exploration rule: it has the paper's practical one, *best + top 1/4*, and is held against the exact learner under that
            rule. Of step sizes the one is shown that serves best on these seeds, of {stepSizes}. {scale.Seeds} seeds.
            """
        );
        foreach (double norm in Norms)
            WriteNorm(norm, results, report);
        WriteRepeating(results, report);
        Interval control = results.Number(Shuffled, Ours.Name, "accuracy");
        report.Paragraph($"Control: the same with answers that are a fair coin's, so that there is nothing to learn; {control.Count} seeds.");
        report.ClaimSame("Where answers are a fair coin's, accuracy stays at chance, ½", control.Minus(0.5), 0.03);
    }

    private void WriteNorm(double norm, ResultTable results, ReportWriter report)
    {
        string experiment = Of(norm),
            at = FormattableString.Invariant($"‖θ*‖ = {norm}");
        (string Family, string Name)[] best =
        [
            .. LearnerFamily
                .All(scale.IsQuick)
                .Select(f => (f.Name, results.Best(experiment, f.Members.Select(m => Contender.ByRank(m).Name), Served, smallest: true))),
        ];
        (string Name, string? Against)[] rows =
        [
            (Ours.Name, null),
            (Refit.Name, Ours.Name),
            (NoLookAhead.Name, Ours.Name),
            .. ExactByEveryRule.Where(c => c != Ours).Select(c => (c.Name, (string?)null)),
            .. best.Select(b => (b.Name, (string?)OursByRank.Name)),
        ];
        report.Paragraph($"{at}:");
        report.Table(
            ["learner, rule", "regret", "served", "accuracy", "served, against exact + exploration", "served, against exact under the same rule"],
            rows.Select(r =>
                (string[])
                    [
                        r.Name,
                        // Every row takes the same seeds, also where its variant has more.
                        results.Number(experiment, r.Name, Regret, scale.Seeds).ToString(),
                        results.Number(experiment, r.Name, Served, scale.Seeds).ToString(),
                        results.Number(experiment, r.Name, "accuracy", scale.Seeds).ToString(),
                        r.Name == Ours.Name ? "1" : results.Ratio(experiment, r.Name, Ours.Name, Served, scale.Seeds).ToString(),
                        r.Against is null ? "" : results.Ratio(experiment, r.Name, r.Against, Served, scale.Seeds).ToString(),
                    ]
            )
        );
        Interval ours = results.Number(experiment, Ours.Name, Regret, scale.Seeds);
        // Best + second is no rival here: it stands among the findings. Where every request brings new candidates, the two best differ in new
        // directions each time, and exploration costs as much as it brings.
        foreach (Contender rival in (Contender[])[Random, Worst])
        {
            Interval other = results.Number(experiment, rival.Name, Regret);
            report.Claim(
                $"The exploration rule's regret is below that of {rival.Rule.Name} ({at}), intervals apart",
                $"{ours} against {other}",
                ours.High < other.Low
            );
        }
        Interval ratio = results.Ratio(experiment, Ours.Name, Refit.Name, Regret);
        // Sixteen seeds leave two percent of noise.
        report.ClaimSame(
            $"The exact learner's regret divided by the full refit's is 1 ({at}, {ratio.Count} seeds)",
            ratio.Minus(1),
            scale.IsQuick ? 0.05 : 0.03
        );
        foreach ((string family, string baseline) in best)
        {
            Interval against = results.Ratio(experiment, baseline, OursByRank.Name, Served);
            report.Claim(
                $"Under the same rule the exact learner serves better than {family} ({at})",
                $"{baseline}, has {against} times its served regret",
                against.Low > 1
            );
        }
    }

    private void WriteRepeating(ResultTable results, ReportWriter report)
    {
        report.Paragraph(
            $"""
            A person with {Repertoire} requests that come again and again, each with the same {Bandit.Arms} candidates (‖θ*‖ = 6): nothing new comes
            along by itself, and what is not tried is not learned. *Avoidable* is the regret beyond that of the two best candidates: two different
            answers must be shown. {RepeatingSeeds} seeds.
            """
        );
        report.Table(
            ["learner, rule", "regret", "of it avoidable", "served", "regret, against exploration"],
            ExactByEveryRule.Select(c =>
                (string[])
                    [
                        c.Name,
                        results.Number(Repeating, c.Name, Regret).ToString(),
                        results.Number(Repeating, c.Name, Avoidable).ToString(),
                        results.Number(Repeating, c.Name, Served).ToString(),
                        c == Ours ? "1" : results.Ratio(Repeating, c.Name, Ours.Name, Regret).ToString(),
                    ]
            )
        );
        if (!scale.IsQuick)
        {
            string ratios = string.Join(
                "; ",
                LargerRepertoires.Select(r => $"{r} requests {results.Ratio($"{Repeating}: {r}", Second.Name, Ours.Name, Regret)}")
            );
            report.Paragraph(
                "The more different requests there are, the more comes along by itself: "
                    + $"regret of best + second, against exploration, with {ratios}."
            );
        }
        // The regret that nobody can avoid is the same for all rules. With few seeds it hides the difference to best + second.
        (string what, string number) = scale.IsQuick ? ("avoidable regret", Avoidable) : ("regret", Regret);
        Interval ours = results.Number(Repeating, Ours.Name, number);
        foreach (Contender rival in (Contender[])[Random, Second, Worst])
        {
            Interval other = results.Number(Repeating, rival.Name, number);
            report.Claim(
                $"Where requests come again, the exploration rule's {what} is below that of {rival.Rule.Name}, intervals apart",
                $"{ours} against {other}",
                ours.High < other.Low
            );
        }
    }

    private static string Of(double norm) => FormattableString.Invariant($"deployment, norm {norm}");
}
