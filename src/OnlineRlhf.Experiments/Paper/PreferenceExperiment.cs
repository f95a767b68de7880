using System.Globalization;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Settings;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>
/// Real people's preferences, with features of a real model: the accuracy on prompts that nothing was learned on, and whether the predicted
/// probabilities are right.
/// </summary>
internal sealed class PreferenceExperiment(Scale scale, PreferenceFeatures? pairs) : IExperiment
{
    private const string Length = "length alone",
        Shuffled = "exact one-pass, shuffled labels";

    private static readonly int[] At = [25, 50, 100, 200, 400, 800];

    private static readonly int[] ActiveAt = [25, 50, 100, 200, 400];

    /// <summary>The learners, with λ = 1 as everywhere.</summary>
    private static readonly LearnerFamily[] Families =
    [
        new(Learner.Exact.Name, [Learner.Exact]),
        new(Learner.FullRefit.Name, [Learner.FullRefit]),
        new(Learner.NoLookAhead.Name, [Learner.NoLookAhead]),
        .. LearnerFamily.All(few: false),
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
            foreach (Learner learner in Families.SelectMany(f => f.Members))
                yield return new Cell(Experiment, learner.Name, seed, stop => HumanPreferences.Run(pairs, learner, seed, At, false, stop));
            foreach ((string variant, Learner learner, bool asks) in ActiveExperiment.Variants)
                yield return new Cell(Active, variant, seed, stop => HumanPreferences.RunActive(pairs, learner, asks, seed, ActiveAt, stop));
        }
    }

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("Human preferences");
        if (pairs is null)
        {
            report.Paragraph(
                "Not computed: no file of features was given (`features` writes one from a data set of pairs, `paper --features FILE` takes it)."
            );
            return;
        }
        int[] at = [.. At.Where(t => results.Has(Experiment, Length, $"accuracy@{t}"))];
        string[] names = [.. at.Select(t => t.ToString(CultureInfo.InvariantCulture)), "all"];
        Interval learned = results.Number(Experiment, Length, "learned"),
            tested = results.Number(Experiment, Length, "tested");
        int stepSizes = LearnerFamily.FirstOrder(few: false).Members.Length;
        report.Paragraph(
            $"""
            {pairs.Count} pairs of answers that people have compared ({pairs.Skipped} more did not fit the model's context, or were malformed); φ (d =
            {pairs.Dimension}) is this project's feature map on {pairs.Model}: hidden states while the model reads the answer, its length, and
            statistics of its text. {scale.Seeds} splits by prompt: a quarter of the prompts is held out, {learned.Mean:F0} pairs are learned in
            random order, {tested.Mean:F0} tested. Chance, and the majority of the labels, is ½: which answer is called first is a coin's choice.
            Splits share pairs, so that intervals are widened as Nadeau and Bengio say (variance × (1/n + tested/learned)). Of {stepSizes} step sizes
            the one is shown that is most accurate in the end, on these splits. *Served*: before a pair is learned, a policy that is renewed
            {HumanPreferences.Chunks} times says which of the two it would serve, and the column counts how often people prefer that one, from the
            first pair on. Both answers of a pair are shown whatever the policy says, so that passive and deployment are one run here, scored twice.
            """
        );
        string[] best = [.. Families.Select(f => results.Best(Experiment, f.Members.Select(m => m.Name), "accuracy@all", smallest: false))],
            rows = [.. best, Length, Shuffled];
        report.Table(
            ["accuracy after", .. names, "log loss", "served"],
            rows.Select(row =>
                (string[])
                    [
                        row,
                        .. names.Select(n => Number(results, row, $"accuracy@{n}").ToString()),
                        Number(results, row, "log loss").ToString(),
                        Number(results, row, "served").ToString(),
                    ]
            )
        );
        var plot = new Plot("preferences", $"Accuracy on held-out prompts, {pairs.Model}", "pairs learned", "accuracy", logX: true);
        foreach (string row in rows)
            plot.Line(row, names.Select((n, i) => (n == "all" ? learned.Mean : at[i], Number(results, row, $"accuracy@{n}"))));
        report.Picture(plot);
        WriteCalibration(results, report);
        WriteActive(results, report);
        report.ClaimSame(
            "On human preferences one pass is as accurate as the full refit",
            Difference(results, Experiment, Learner.Exact.Name, Learner.FullRefit.Name, "accuracy@all"),
            0.01
        );
        Interval gain = Difference(results, Experiment, Learner.Exact.Name, Length, "accuracy@all");
        report.Claim("On human preferences the exact learner foresees more than the answers' length alone", $"by {gain}", gain.Low > 0);
        Interval control = Number(results, Shuffled, "accuracy@all");
        report.ClaimSame("Control: with shuffled labels its accuracy stays at chance, ½", control.Minus(0.5), 0.05);
        string gains = string.Join(
            "; ",
            best[^3..].Select(b => $"{Difference(results, Experiment, Learner.Exact.Name, b, "accuracy@all")} more accurate than {b}")
        );
        report.Paragraph(
            $"Against those without the exact local norm, after all pairs: {gains}. "
                + "So few pairs cannot tell differences of the size that the paper reports (.006 to .015)."
        );
    }

    private Interval Number(ResultTable results, string row, string number) => Widened(results, results.Number(Experiment, row, number));

    private Interval Difference(ResultTable results, string experiment, string row, string against, string number) =>
        Widened(results, results.Difference(experiment, row, against, number));

    /// <summary>Widens the interval of a mean over splits: they share pairs, and so are no independent samples.</summary>
    /// <remarks>Source: Nadeau and Bengio, "Inference for the Generalization Error", 2003.</remarks>
    private Interval Widened(ResultTable results, Interval over) =>
        over with
        {
            Margin =
                over.Margin
                * Math.Sqrt(
                    1 + (over.Count * results.Number(Experiment, Length, "tested").Mean / results.Number(Experiment, Length, "learned").Mean)
                ),
        };

    private void WriteActive(ResultTable results, ReportWriter report)
    {
        int[] at = [.. ActiveAt.Where(t => results.Has(Active, "Active-OMD", $"accuracy@{t}"))];
        if (at.Length == 0)
            return;
        report.Paragraph(
            $"Active: of {HumanPreferences.Pool} pairs the learner has one compared, "
                + "the most uncertain (*Active*) or any (*Rand*); the others come back later."
        );
        string[] names = [.. at.Select(t => t.ToString(CultureInfo.InvariantCulture))];
        report.Table(
            ["accuracy after", .. names],
            ActiveExperiment.Variants.Select(v =>
                (string[])[v.Variant, .. names.Select(n => Widened(results, results.Number(Active, v.Variant, $"accuracy@{n}")).ToString())]
            )
        );
        report.Times(
            ["seconds, without the reading of the answers", .. names],
            ActiveExperiment.Variants.Select(v =>
                (string[])[v.Variant, .. names.Select(n => results.Time(Active, v.Variant, $"seconds@{n}").ToString())]
            )
        );
        report.ClaimSame(
            "On human preferences Active-OMD is as accurate as Active-MLE",
            Difference(results, Active, "Active-OMD", "Active-MLE", $"accuracy@{at[^1]}"),
            0.03
        );
        Interval gain = Difference(results, Active, "Active-OMD", "Rand-OMD", $"accuracy@{at[^1]}");
        report.Finding(
            $"On human preferences asking about the most uncertain pair is more accurate than about any, after {at[^1]}",
            $"by {gain}",
            gain.Low > 0
        );
    }

    private void WriteCalibration(ResultTable results, ReportWriter report)
    {
        report.Paragraph(
            "Is a probability of .8 right in eight of ten cases? Predicted against observed on held-out pairs, all splits together, after all pairs:"
        );
        var plot = new Plot("preferences-calibration", "Calibration", "predicted probability that the first is preferred", "observed share");
        plot.Line("perfect", [(0, new Interval(0, double.NaN, 0)), (1, new Interval(1, double.NaN, 0))], dashed: true);
        List<string[]> rows = [];
        List<string> surest = [];
        foreach (string name in (string[])[Learner.Exact.Name, Learner.FullRefit.Name])
        {
            (double Predicted, double Observed, double Count)[] bins =
            [
                .. Enumerable
                    .Range(0, HumanPreferences.Bins)
                    .Select(i => (Sum($"bin {i} predicted"), Sum($"bin {i} observed"), Sum($"bin {i} count"))),
            ];
            plot.Line(
                name,
                bins.Where(b => b.Count >= 20)
                    .Select(b =>
                        (
                            b.Predicted / b.Count,
                            new Interval(
                                b.Observed / b.Count,
                                1.96 * Math.Sqrt(b.Observed / b.Count * (1 - (b.Observed / b.Count)) / (b.Count / scale.Seeds)),
                                (int)b.Count
                            )
                        )
                    )
            );
            rows.Add([
                $"{name}: predicted",
                .. bins.Select(b => b.Count < 20 ? "" : (b.Predicted / b.Count).ToString("F2", CultureInfo.InvariantCulture)),
            ]);
            rows.Add([
                $"{name}: observed",
                .. bins.Select(b => b.Count < 20 ? "" : (b.Observed / b.Count).ToString("F2", CultureInfo.InvariantCulture)),
            ]);

            // A probability of .1 for the first answer is one of .9 for the second.
            (double Predicted, double Observed, double Count)[] sure =
            [
                .. bins[^2..],
                .. bins[..2].Select(b => (b.Count - b.Predicted, b.Count - b.Observed, b.Count)),
            ];
            double count = sure.Sum(b => b.Count);
            surest.Add(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name}: {sure.Sum(b => b.Predicted) / count:F2} predicted, "
                        + $"{sure.Sum(b => b.Observed) / count:F2} observed, {count / bins.Sum(b => b.Count):P0} of the pairs"
                )
            );

            double Sum(string number) => results.Numbers(Experiment, name, number).Sum();
        }
        report.Table(
            [
                "",
                .. Enumerable
                    .Range(0, HumanPreferences.Bins)
                    .Select(i => string.Create(CultureInfo.InvariantCulture, $"{i / 10.0:F1} to {(i + 1) / 10.0:F1}")),
            ],
            rows
        );
        report.Picture(plot);
        report.Paragraph(
            $"Where it is surest, above .8: {string.Join("; ", surest)}. A prediction above what is observed says more than the data warrant: "
                + "λ is as everywhere, and not tuned for this. Bins with fewer than 20 pairs are left blank."
        );
    }
}
