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

    private static readonly Contender Ours = new(Learner.Exact, new Exploration()), OursByRank = new(Learner.Exact, new BestAndQuantile());

    private static readonly Contender[] WithNorm = [Ours, new(Learner.FullRefit, new Exploration()), new(Learner.NoLookAhead, new Exploration())];

    // κ is about e^(1.5‖θ*‖) here: three decades and more of it.
    private double[] Norms => scale.IsQuick ? [2, 6] : [1, 2, 3, 4.5, 6, 8, 10];

    private LearnerFamily FirstOrder => LearnerFamily.FirstOrder(scale.IsQuick);

    public string Name => "kappa";

    public IEnumerable<Cell> Cells() =>
        from norm in Norms
        from seed in Scale.SeedsUpTo(scale.Seeds)
        from cell in ((Contender[])[.. WithNorm, OursByRank, .. FirstOrder.Members.Select(ByRank)])
            .Select(c => new Cell(Deployed(norm), c.Name, seed, stop => Deployment.Run(new Bandit(seed, norm), c.Learner, c.Rule, [Rounds], stop)))
            .Concat(((Learner[])[.. WithNorm.Select(c => c.Learner), .. FirstOrder.Members])
            .Select(l => new Cell(Estimated(norm), l.Name, seed, stop => Passive.Run(new Bandit(seed, norm), l, 0, [Rounds], stop))))
        select cell;

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("Growing κ");
        report.Paragraph($"""
            κ = max 1/σ̇(zᵀθ*), here over the random pairs of the error below, says how flat the logistic function is where answers are nearly certain. Earlier analyses of one-pass learning pay for it in full; the paper's bound on the estimate's error has √κ. Regret: {Rounds} rounds of deployment. Error: ‖θ − θ*‖ after
            {Rounds} random pairs. First-order: at each ‖θ*‖ the best of {FirstOrder.Members.Length} step sizes, asking by best + top 1/4 as the exact learner does in the row above it. Slopes are of logarithms, {(Norms.Length == 2 ? "through two points" : "by least squares over the means")}. κ grows like an exponential of ‖θ*‖, so that whatever grows like a
            power of ‖θ*‖ is flat in κ, even the regret of who never learns: its slope is some .27. So slopes below ½ agree with the bound, which is for the worst case, and prove nothing; what tells learners apart is the growth in ‖θ*‖.
            """);
        Part[] parts =
        [
            new("cumulative regret", $"regret@{Rounds}", Deployed, [.. WithNorm, OursByRank], ByRank),
            new("regret of the served answer", $"served@{Rounds}", Deployed, [.. WithNorm, OursByRank], ByRank),
            new("‖θ − θ*‖", $"error@{Rounds}", Estimated, WithNorm, null),
        ];
        double[] kappas = [.. Norms.Select(n => results.Number(Estimated(n), Learner.Exact.Name, "kappa").Mean)];
        foreach (Part part in parts)
        {
            (string Name, Interval[] Values)[] rows = [.. part.Rows.Select(c => (part.NameOf(c), Over(c.Learner.Name, c))), (FirstOrder.Name + (part.Rule is null ? "" : ", best + top 1/4"), OfFirstOrder(part))];
            report.Table([part.Unit, .. Norms.Select((n, i) => FormattableString.Invariant($"‖θ*‖ = {n}, κ ≈ {Rounded(kappas[i])}")), "slope in κ", "slope in ‖θ*‖"], rows.Select(r => (string[])
                [r.Name, .. r.Values.Select(v => v.ToString()), Text(Slope(kappas, r.Values)), Text(Slope(Norms, r.Values))]));
            var plot = new Plot($"kappa-{part.Number.Split('@')[0]}.svg", $"{part.Unit} as κ grows", "κ", part.Unit, logX: true, logY: true) { Highest = 3 * rows.Max(r => r.Values.Max(v => v.High)) };
            foreach ((string name, Interval[] values) in rows)
                plot.Line(name, values.Select((v, i) => (kappas[i], v)));
            double first = rows[0].Values[0].Mean;
            plot.Line("slope ½", kappas.Select(k => (k, new Interval(first * Math.Sqrt(k / kappas[0]), double.NaN, 0))), dashed: true);
            report.Picture(plot);

            Interval[] Over(string learner, Contender contender) => [.. Norms.Select(n => results.Number(part.Experiment(n), part.Rule is null ? learner : contender.Name, part.Number))];
        }
        double largest = Norms[^1];
        string worst = FirstOrderAt(parts[1], largest);
        Interval ratio = results.Ratio(Deployed(largest), worst, OursByRank.Name, parts[1].Number), error = results.Ratio(Estimated(largest), FirstOrderAt(parts[2], largest), Learner.Exact.Name, parts[2].Number);
        report.Claim(FormattableString.Invariant($"At ‖θ*‖ = {largest} first-order descent serves worse than the exact learner under the same rule"), $"{ratio} times its served regret", ratio.Low > 1);
        report.Paragraph(FormattableString.Invariant($"Its error there, with the step size that suits this ‖θ*‖ best, is {error} times the exact learner's: who knows ‖θ*‖ beforehand can make up for much of the local norm in the error, and less in what is served."));

        Interval[] OfFirstOrder(Part part) => [.. Norms.Select(n => results.Number(part.Experiment(n), FirstOrderAt(part, n), part.Number))];

        string FirstOrderAt(Part part, double norm) =>
            results.Best(part.Experiment(norm), FirstOrder.Members.Select(m => part.Rule is null ? m.Name : part.Rule(m).Name), part.Number, smallest: true);
    }

    private static Contender ByRank(Learner learner) => new(learner, OursByRank.Rule);

    private static string Deployed(double norm) => FormattableString.Invariant($"kappa regret, norm {norm}");

    private static string Estimated(double norm) => FormattableString.Invariant($"kappa error, norm {norm}");

    private static string Rounded(double kappa) => kappa < 100 ? kappa.ToString("G2", CultureInfo.InvariantCulture) : (Math.Round(kappa / 10) * 10).ToString("N0", CultureInfo.InvariantCulture);

    private static string Text(double slope) => slope.ToString("F2", CultureInfo.InvariantCulture);

    private static double Slope(double[] x, Interval[] y) => Fit.Line([.. x.Select(v => Math.Log(v))], [.. y.Select(v => Math.Log(v.Mean))]).B;

    /// <summary>A table and its plot.</summary>
    /// <param name="Unit">What is measured.</param>
    /// <param name="Number">Its name in the results.</param>
    /// <param name="Experiment">The experiment at a ‖θ*‖.</param>
    /// <param name="Rows">Who is shown, besides first-order.</param>
    /// <param name="Rule">First-order with its rule; null where nothing is asked.</param>
    private sealed record Part(string Unit, string Number, Func<double, string> Experiment, Contender[] Rows, Func<Learner, Contender>? Rule)
    {
        internal string NameOf(Contender contender) => Rule is null ? contender.Learner.Name : contender.Name;
    }
}
