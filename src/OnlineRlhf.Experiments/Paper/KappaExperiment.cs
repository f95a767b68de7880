using System.Globalization;
using MathNet.Numerics;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Rules;
using OnlineRlhf.Experiments.Settings;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>What ‖θ*‖, and with it κ = max 1/σ̇, does to regret and to the error of the estimate.</summary>
internal sealed class KappaExperiment(Scale scale) : IExperiment
{
    private const int Rounds = 1500;

    private static readonly Contender Ours = new(Learner.Exact, new Exploration()),
        OursByRank = Contender.ByRank(Learner.Exact);

    private static readonly Contender[] WithNorm = [Ours, new(Learner.FullRefit, new Exploration()), new(Learner.NoLookAhead, new Exploration())];

    // κ is about e^(1.5‖θ*‖) here: these norms span more than three decades of it.
    private double[] Norms => scale.IsQuick ? [2, 6] : [1, 2, 3, 4.5, 6, 8, 10];

    private LearnerFamily FirstOrder => LearnerFamily.FirstOrder(scale.IsQuick);

    public string Name => "kappa";

    public IEnumerable<Cell> Cells() =>
        from norm in Norms
        from seed in Scale.SeedsUpTo(scale.Seeds)
        from cell in ((Contender[])[.. WithNorm, OursByRank, .. FirstOrder.Members.Select(Contender.ByRank)])
            .Select(c => new Cell(Deployed(norm), c.Name, seed, stop => Deployment.Run(new Bandit(seed, norm), c.Learner, c.Rule, [Rounds], stop)))
            .Concat(
                ((Learner[])[.. WithNorm.Select(c => c.Learner), .. FirstOrder.Members]).Select(l => new Cell(
                    Estimated(norm),
                    l.Name,
                    seed,
                    stop => Passive.Run(new Bandit(seed, norm), l, 0, [Rounds], stop)
                ))
            )
        select cell;

    public void Write(ResultTable results, ReportWriter report)
    {
        double[] kappas = [.. Norms.Select(n => results.Number(Estimated(n), Learner.Exact.Name, "kappa").Mean)];
        string fitted = Norms.Length == 2 ? "through two points" : "by least squares over the means",
            neverLearning = Text(Slope(kappas, Norms));
        report.Heading("Growing κ");
        report.Paragraph(
            $"""
            κ = max 1/σ̇(zᵀθ*), here over the random pairs of the error below, says how flat the logistic function is where answers are nearly
            certain. Earlier analyses of one-pass learning pay for it in full; the paper's bound on the estimate's error has √κ. Regret: {Rounds}
            rounds of deployment. Error: ‖θ − θ*‖ after {Rounds} random pairs. First-order: at each ‖θ*‖ the best of {FirstOrder.Members.Length} step
            sizes, which nobody knows beforehand, asking by best + top 1/4 as the exact learner does in the row above it. Slopes are of logarithms,
            {fitted}. κ grows like an exponential of ‖θ*‖, so that whatever grows like a power of ‖θ*‖ has a small slope in κ, even the regret of who
            never learns, {neverLearning}. So slopes below ½ agree with the bound, which is for the worst case, and prove nothing.
            """
        );
        Part[] parts =
        [
            new("cumulative regret", $"regret@{Rounds}", Deployed, true, [.. WithNorm, OursByRank]),
            new("regret of the served answer", $"served@{Rounds}", Deployed, true, [.. WithNorm, OursByRank]),
            new("‖θ − θ*‖", $"error@{Rounds}", Estimated, false, WithNorm),
        ];
        foreach (Part part in parts)
        {
            (string Name, Interval[] Values)[] rows =
            [
                .. part.Rows.Select(c => (part.NameOf(c), Over(n => part.NameOf(c)))),
                (part.Asks ? $"{FirstOrder.Name}, {OursByRank.Rule.Name}" : FirstOrder.Name, Over(n => FirstOrderAt(part, n))),
            ];
            report.Table(
                [
                    part.Unit,
                    .. Norms.Select((n, i) => FormattableString.Invariant($"‖θ*‖ = {n}, κ ≈ {Rounded(kappas[i])}")),
                    "slope in κ",
                    "slope in ‖θ*‖",
                ],
                rows.Select(r =>
                    (string[])
                        [r.Name, .. r.Values.Select(v => v.ToString()), Text(Slope(kappas, Means(r.Values))), Text(Slope(Norms, Means(r.Values)))]
                )
            );
            var plot = new Plot($"kappa-{part.Number.Split('@')[0]}", $"{part.Unit} as κ grows", "κ", part.Unit, logX: true, logY: true)
            {
                Highest = 3 * rows.Max(r => r.Values.Max(v => v.High)),
            };
            foreach ((string name, Interval[] values) in rows)
                plot.Line(name, values.Select((v, i) => (kappas[i], v)));
            double first = rows[0].Values[0].Mean;
            plot.Line("slope ½", kappas.Select(k => (k, new Interval(first * Math.Sqrt(k / kappas[0]), double.NaN, 0))), dashed: true);
            report.Picture(plot);

            Interval[] Over(Func<double, string> variant) => [.. Norms.Select(n => results.Number(part.Experiment(n), variant(n), part.Number))];
        }
        double largest = Norms[^1];
        Interval ratio = results.Ratio(Deployed(largest), FirstOrderAt(parts[1], largest), OursByRank.Name, parts[1].Number);
        report.Claim(
            FormattableString.Invariant($"At ‖θ*‖ = {largest} first-order descent serves worse than the exact learner under the same rule"),
            $"{ratio} times its served regret",
            ratio.Low > 1
        );
        Interval[] errors = [.. Norms.Select(n => results.Ratio(Estimated(n), FirstOrderAt(parts[2], n), Learner.Exact.Name, parts[2].Number))];
        report.Finding(
            FormattableString.Invariant($"At ‖θ*‖ = {largest} first-order descent's θ is farther from θ* than the exact learner's"),
            $"{errors[^1]} times the error, with the step size that suits this ‖θ*‖ best",
            errors[^1].Low > 1
        );
        string divided = string.Join("; ", Norms.Select((n, i) => FormattableString.Invariant($"{errors[i]} (‖θ*‖ = {n})")));
        report.Paragraph(
            $"First-order's error divided by the exact learner's: {divided}. Where ‖θ*‖ is small, a step size that suits it keeps θ small too, "
                + "which λ = 1 does not; the full refit has the exact learner's error."
        );

        string FirstOrderAt(Part part, double norm) =>
            results.Best(part.Experiment(norm), FirstOrder.Members.Select(m => part.NameOf(Contender.ByRank(m))), part.Number, smallest: true);
    }

    private static string Deployed(double norm) => FormattableString.Invariant($"kappa regret, norm {norm}");

    private static string Estimated(double norm) => FormattableString.Invariant($"kappa error, norm {norm}");

    private static string Rounded(double kappa) =>
        kappa < 100 ? kappa.ToString("G2", CultureInfo.InvariantCulture) : (Math.Round(kappa / 10) * 10).ToString("N0", CultureInfo.InvariantCulture);

    private static string Text(double slope) => slope.ToString("F2", CultureInfo.InvariantCulture);

    private static IEnumerable<double> Means(Interval[] values) => values.Select(v => v.Mean);

    private static double Slope(double[] x, IEnumerable<double> y) => Fit.Line([.. x.Select(v => Math.Log(v))], [.. y.Select(v => Math.Log(v))]).B;

    /// <summary>A table and its plot.</summary>
    /// <param name="Unit">What is measured.</param>
    /// <param name="Number">Its name in the results.</param>
    /// <param name="Experiment">The experiment at a ‖θ*‖.</param>
    /// <param name="Asks">Whether the learner chooses what to ask, so that its rule matters.</param>
    /// <param name="Rows">Who is shown, besides first-order.</param>
    private sealed record Part(string Unit, string Number, Func<double, string> Experiment, bool Asks, Contender[] Rows)
    {
        internal string NameOf(Contender contender) => Asks ? contender.Name : contender.Learner.Name;
    }
}
