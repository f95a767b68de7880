using System.Globalization;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Settings;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>Real people's preferences, with features of a real model: accuracy on prompts that were never learned on, and whether the predicted probabilities can be believed.</summary>
internal sealed class PreferenceExperiment(Scale scale, PreferenceFeatures? pairs) : IExperiment
{
    private const string Length = "length alone", Shuffled = "exact one-pass, shuffled labels";

    private static readonly int[] At = [25, 50, 100, 200, 400, 800];

    private static readonly int[] ActiveAt = [25, 50, 100, 200, 400];

    private static readonly double[] Steps = [0.01, 0.03, 0.1, 0.3, 1, 3, 10];

    /// <summary>λ = 1, as everywhere. Whoever needs a step size is computed with several, and the one that is most accurate in the end is shown: if anything, that favours it.</summary>
    private static readonly Learner[][] Families =
    [
        [Learner.Exact], [Learner.FullRefit], [Learner.NoLookAhead],
        [.. Steps.Select(s => new Learner(Named("matrix-free, η", s), (d, horizon) => new MatrixFreeRewardModel(d, new MatrixFreeOptions(horizon, s, LastRegularization: 10))))],
        [.. Steps.Select(s => new Learner(Named("first-order, c", s), (d, _) => new FirstOrderRewardModel(d, s)))],
        [.. Steps.Select(s => new Learner(Named("authors' code, η", s), (d, _) => new ReferenceRewardModel(d, s)))],
    ];

    private static string Named(string learner, double step) => string.Create(CultureInfo.InvariantCulture, $"{learner} = {step}");

    private static readonly (string Variant, Learner Learner, bool Asks)[] ActiveVariants =
    [
        ("Rand-MLE", Learner.FullRefit, false), ("Active-MLE", Learner.FullRefit, true), ("Rand-OMD", Learner.Exact, false), ("Active-OMD", Learner.Exact, true),
    ];

    private string Active => $"{Experiment}, active";

    private string Experiment => $"preferences {pairs!.Identity}";

    public string Name => "preferences";

    public IEnumerable<Cell> Cells()
    {
        if (pairs is null)
            yield break;
        foreach (int seed in Scale.SeedsUpTo(scale.Seeds))
        {
            yield return new Cell(Experiment, Length, seed, stop => HumanPreferences.Run(pairs, null, seed, At, false, stop));
            yield return new Cell(Experiment, Shuffled, seed, stop => HumanPreferences.Run(pairs, Learner.Exact, seed, At, true, stop));
            foreach (Learner learner in Families.SelectMany(f => f))
                yield return new Cell(Experiment, learner.Name, seed, stop => HumanPreferences.Run(pairs, learner, seed, At, false, stop));
            foreach ((string variant, Learner learner, bool asks) in ActiveVariants)
                yield return new Cell(Active, variant, seed, stop => HumanPreferences.RunActive(pairs, learner, asks, seed, ActiveAt, stop));
        }
    }

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("Human preferences");
        if (pairs is null)
        {
            report.Paragraph("Not computed: no file of features was given (`features` writes one from a data set of pairs, `paper --features FILE` takes it).");
            return;
        }
        int[] at = [.. At.Where(t => results.Has(Experiment, Length, $"accuracy@{t}"))];
        string[] names = [.. at.Select(t => t.ToString(CultureInfo.InvariantCulture)), "all"];
        Interval learned = results.Number(Experiment, Length, "learned"), tested = results.Number(Experiment, Length, "tested");
        report.Paragraph($"""
            {pairs.Count} pairs of answers that people have compared; φ (d = {pairs.Dimension}) is this project's feature map on {pairs.Model}: hidden states while the model reads the answer, its length, and statistics of its text. {scale.Seeds} splits by prompt: a quarter of the prompts is held out,
            {learned.Mean:F0} pairs are learned in random order, {tested.Mean:F0} tested. Chance, and the majority of the labels, is ½: which answer is called first is a coin's choice. Intervals are over splits of the same data, and so a little too narrow. Step sizes: the best of {Steps.Length}, on these splits.
            """);
        string[] rows = [.. Families.Select(f => f.MaxBy(l => results.Number(Experiment, l.Name, "accuracy@all").Mean)!.Name), Length, Shuffled];
        report.Table(["accuracy after", .. names, "log loss", "deployment: served what people prefer"], rows.Select(row => (string[])
            [row, .. names.Select(n => results.Number(Experiment, row, $"accuracy@{n}").ToString()), results.Number(Experiment, row, "log loss").ToString(), results.Number(Experiment, row, "served").ToString()]));
        report.Paragraph($"Deployment: before a pair is learned, a policy that is renewed {HumanPreferences.Chunks} times says which of the two answers it would serve; the column counts over all of them, from the first. Passive and deployment learn the same here, since both answers of a pair are shown whatever the policy says.");
        var plot = new Plot("preferences.svg", $"Accuracy on held-out prompts, {pairs.Model}", "pairs learned", "accuracy", logX: true);
        foreach (string row in rows)
            plot.Line(row, names.Select((n, i) => (n == "all" ? learned.Mean : at[i], results.Number(Experiment, row, $"accuracy@{n}"))));
        report.Picture(plot);
        WriteCalibration(results, report);
        WriteActive(results, report);
        Interval gain = results.Difference(Experiment, Learner.Exact.Name, Length, "accuracy@all"), same = results.Difference(Experiment, Learner.Exact.Name, Learner.FullRefit.Name, "accuracy@all");
        report.Claim("On human preferences one pass is as accurate as the full refit", $"difference {same}", Math.Abs(same.Mean) < 0.01);
        report.Claim("It foresees people better than the answers' length does", $"by {gain}", gain.Low > 0);
        Interval control = results.Number(Experiment, Shuffled, "accuracy@all");
        report.Claim("Control: with shuffled labels it stays at chance", control.ToString(), Math.Abs(control.Mean - 0.5) < 0.03);
    }

    private void WriteActive(ResultTable results, ReportWriter report)
    {
        int[] at = [.. ActiveAt.Where(t => results.Has(Active, "Active-OMD", $"accuracy@{t}"))];
        if (at.Length == 0)
            return;
        report.Paragraph($"Active: of {HumanPreferences.Pool} pairs the learner has one compared, the most uncertain (*Active*) or any (*Rand*); the others come back later.");
        string[] names = [.. at.Select(t => t.ToString(CultureInfo.InvariantCulture))];
        report.Table(["accuracy after", .. names], ActiveVariants.Select(v => (string[])[v.Variant, .. names.Select(n => results.Number(Active, v.Variant, $"accuracy@{n}").ToString())]));
        report.Times(["seconds, without the reading of the answers", .. names], ActiveVariants.Select(v => (string[])[v.Variant, .. names.Select(n => results.Time(Active, v.Variant, $"seconds@{n}").ToString())]));
        Interval same = results.Difference(Active, "Active-OMD", "Active-MLE", $"accuracy@{at[^1]}");
        report.Claim("On human preferences Active-OMD is as accurate as Active-MLE", $"difference {same}", Math.Abs(same.Mean) < 0.02);
        Interval gain = results.Difference(Active, "Active-OMD", "Rand-OMD", $"accuracy@{at[^1]}");
        report.Paragraph($"What asking about the most uncertain pair gains on people's own answers, after {at[^1]}: {gain}.");
    }

    private void WriteCalibration(ResultTable results, ReportWriter report)
    {
        report.Paragraph("Is a probability of .8 right in eight of ten cases? Predicted against observed on held-out pairs, all splits together, after all pairs:");
        var plot = new Plot("preferences-calibration.svg", "Calibration", "predicted probability that the first is preferred", "observed share");
        plot.Line("perfect", [(0, new Interval(0, double.NaN, 0)), (1, new Interval(1, double.NaN, 0))], dashed: true);
        List<string[]> rows = [];
        foreach (string name in (string[])[Learner.Exact.Name, Learner.FullRefit.Name])
        {
            (double Predicted, double Observed, double Count)[] bins = [.. Enumerable.Range(0, HumanPreferences.Bins).Select(i =>
                (Sum($"bin {i} predicted"), Sum($"bin {i} observed"), Sum($"bin {i} count")))];
            plot.Line(name, bins.Where(b => b.Count >= 20).Select(b => (b.Predicted / b.Count, new Interval(b.Observed / b.Count, 1.96 * Math.Sqrt(b.Observed / b.Count * (1 - (b.Observed / b.Count)) / b.Count), (int)b.Count))));
            rows.Add([$"{name}: predicted", .. bins.Select(b => b.Count < 20 ? "" : (b.Predicted / b.Count).ToString("F2", CultureInfo.InvariantCulture))]);
            rows.Add([$"{name}: observed", .. bins.Select(b => b.Count < 20 ? "" : (b.Observed / b.Count).ToString("F2", CultureInfo.InvariantCulture))]);

            double Sum(string number) => results.Numbers(Experiment, name, number).Sum();
        }
        report.Table(["", .. Enumerable.Range(0, HumanPreferences.Bins).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i / 10.0:F1} to {(i + 1) / 10.0:F1}"))], rows);
        report.Picture(plot);
    }
}
