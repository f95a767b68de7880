using System.Globalization;
using MathNet.Numerics;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Rules;
using OnlineRlhf.Experiments.Settings;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>The headline: what ‖θ*‖, and with it κ = max 1/σ̇, does to regret and to the error of the estimate.</summary>
internal sealed class KappaExperiment(Scale scale) : IExperiment
{
    private const int Rounds = 1500;

    private static readonly (Learner Learner, Func<ISelectionRule> Rule)[] Variants =
    [
        (Learner.Exact, () => new Exploration()),
        (Learner.FullRefit, () => new Exploration()),
        (Learner.NoLookAhead, () => new Exploration()),
        (Learner.FirstOrder, () => new BestAndQuantile()),
    ];

    // κ is about e^(1.5‖θ*‖) here: three decades and more of it.
    private double[] Norms => scale.IsQuick ? [2, 6] : [1, 2, 3, 4.5, 6, 8, 10];

    public string Name => "kappa";

    public IEnumerable<Cell> Cells()
    {
        foreach (double norm in Norms)
        {
            foreach ((Learner learner, Func<ISelectionRule> rule) in Variants)
            {
                foreach (int seed in Scale.SeedsUpTo(scale.Seeds))
                {
                    yield return new Cell(Experiment("regret", norm), learner.Name, seed, stop => Deployment.Run(new Bandit(seed, norm), learner, rule(), [Rounds], stop));
                    yield return new Cell(Experiment("error", norm), learner.Name, seed, stop => Passive.Run(new Bandit(seed, norm), learner, 0, [Rounds], stop));
                }
            }
        }
    }

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("The headline: growing κ");
        report.Paragraph($"""
            κ = max 1/σ̇(zᵀθ*) over the pairs that were asked says how flat the logistic function is where answers are nearly certain. Earlier analyses of one-pass learning pay for it in full; the paper's bound on the estimate's error has √κ. Regret: {Rounds} rounds of deployment. Error: ‖θ − θ*‖ after
            {Rounds} random pairs. Slopes are of log regret and log error against log κ, by least squares over the means; they are of this problem, on average over seeds, and a bound is for the worst case: a slope below ½ agrees with the theory and does not prove it.
            """);
        foreach ((string what, string number, string unit) in (ReadOnlySpan<(string, string, string)>)[("regret", $"regret@{Rounds}", "cumulative regret"), ("regret", $"served@{Rounds}", "regret of the served answer"), ("error", $"error@{Rounds}", "‖θ − θ*‖")])
        {
            double[] kappas = [.. Norms.Select(n => results.Number(Experiment("error", n), Learner.Exact.Name, "kappa").Mean)];
            report.Table([unit, .. Norms.Select((n, i) => FormattableString.Invariant($"‖θ*‖ = {n}, κ ≈ {kappas[i]:G2}")), "slope in κ", "slope in ‖θ*‖"], Variants.Select(v => (string[])
            [
                v.Learner.Name,
                .. Norms.Select(n => results.Number(Experiment(what, n), v.Learner.Name, number).ToString()),
                Slope(kappas, Norms.Select(n => results.Number(Experiment(what, n), v.Learner.Name, number).Mean)).ToString("F2", CultureInfo.InvariantCulture),
                Slope(Norms, Norms.Select(n => results.Number(Experiment(what, n), v.Learner.Name, number).Mean)).ToString("F2", CultureInfo.InvariantCulture),
            ]));
            var plot = new Plot($"kappa-{number.Split('@')[0]}.svg", $"{unit} as κ grows", "κ", unit, logX: true, logY: true);
            foreach ((Learner learner, _) in Variants)
                plot.Line(learner.Name, Norms.Select((n, i) => (kappas[i], results.Number(Experiment(what, n), learner.Name, number))));
            double first = results.Number(Experiment(what, Norms[0]), Learner.Exact.Name, number).Mean;
            plot.Line("slope ½", kappas.Select(k => (k, new Interval(first * Math.Sqrt(k / kappas[0]), double.NaN, 0))), dashed: true);
            report.Picture(plot);
            if (what == "regret" && number.StartsWith("served", StringComparison.Ordinal))
            {
                double slope = Slope(kappas, Norms.Select(n => results.Number(Experiment(what, n), Learner.Exact.Name, number).Mean));
                report.Claim("The served regret of the exact learner grows no faster than √κ", string.Create(CultureInfo.InvariantCulture, $"slope {slope:F2}"), slope <= 0.5);
            }
        }
        double largest = Norms[^1];
        Interval ratio = results.Ratio(Experiment("regret", largest), Learner.FirstOrder.Name, Learner.Exact.Name, $"served@{Rounds}");
        report.Claim(FormattableString.Invariant($"At ‖θ*‖ = {largest} first-order descent serves worse than the exact learner"), $"{ratio} times its served regret", ratio.Low > 1);
    }

    private static string Experiment(string what, double norm) => FormattableString.Invariant($"kappa {what}, norm {norm}");

    private static double Slope(double[] x, IEnumerable<double> y) => Fit.Line([.. x.Select(v => Math.Log(v))], [.. y.Select(v => Math.Log(v))]).B;
}
