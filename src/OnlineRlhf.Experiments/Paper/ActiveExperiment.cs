using System.Globalization;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Settings;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>The paper's table of the active setting: Rand-MLE, Active-MLE, Rand-OMD, Active-OMD.</summary>
internal sealed class ActiveExperiment(Scale scale) : IExperiment
{
    private const string Experiment = "active";

    /// <summary>The paper's names: each learner asks about random pairs, and about the most uncertain ones.</summary>
    internal static (string Variant, Learner Learner, bool Asks)[] Variants { get; } =
    [
        ("Rand-MLE", Learner.FullRefit, false),
        ("Active-MLE", Learner.FullRefit, true),
        ("Rand-OMD", Learner.Exact, false),
        ("Active-OMD", Learner.Exact, true),
    ];

    private int[] At => scale.IsQuick ? [100, 200, 400] : [100, 400, 1600, 6400];

    public string Name => Experiment;

    public IEnumerable<Cell> Cells() =>
        from variant in Variants
        from seed in Scale.SeedsUpTo(scale.Seeds)
        select new Cell(Experiment, variant.Variant, seed, stop => Active.Run(new Bandit(seed, 6), variant.Learner, variant.Asks, At, stop));

    public void Write(ResultTable results, ReportWriter report)
    {
        int last = At[^1];
        report.Heading("Active: asking about the most uncertain pair");
        report.Paragraph(
            $"""
            Each round offers a pool of {Active.Pool} requests with {Bandit.Arms} candidates each. *Active* asks about the pair whose difference is
            the most uncertain in the local norm, *Rand* about a random one; *OMD* is the exact one-pass learner, *MLE* the full refit after every
            answer (by Newton's method, the fastest here, from the last θ). Accuracy: the share of answers to random pairs of new requests that θ
            foresees, in expectation; who knows θ* foresees {results.Number(Experiment, "Active-OMD", "ceiling")}.
            The paper's figures (Llama-3-8B, 6,400 comparisons): Rand-MLE 69.51 % in 4,876 s, Active-MLE 69.82 % in 4,982 s, Rand-OMD 68.97 % in
            1,456 s, Active-OMD 70.43 % in 1,489 s. Its seconds hold the language model's work on both sides; these here are the learner's alone.
            {scale.Seeds} seeds.
            """
        );
        report.Table(
            ["", .. At.Select(t => $"accuracy, t = {Text(t)}"), "error ‖θ − θ*‖/‖θ*‖"],
            Variants.Select(v =>
                (string[])
                    [
                        v.Variant,
                        .. At.Select(t => results.Number(Experiment, v.Variant, $"accuracy@{t}").ToString()),
                        results.Number(Experiment, v.Variant, $"error@{last}").ToString(),
                    ]
            )
        );
        report.Paragraph("Scored with the average iterate, as the paper's final policy of this setting does:");
        report.Table(
            ["", .. At.Select(t => $"accuracy, t = {Text(t)}"), "suboptimality of its policy"],
            Variants.Select(v =>
                (string[])
                    [
                        v.Variant,
                        .. At.Select(t => results.Number(Experiment, v.Variant, $"average accuracy@{t}").ToString()),
                        results.Number(Experiment, v.Variant, $"average suboptimality@{last}").ToString(),
                    ]
            )
        );
        report.Times(
            ["", .. At.Select(t => $"seconds, t = {Text(t)}")],
            Variants.Select(v => (string[])[v.Variant, .. At.Select(t => results.Time(Experiment, v.Variant, $"seconds@{t}").ToString())])
        );
        report.Table(
            ["bytes kept between comparisons", .. At.Select(t => $"t = {Text(t)}")],
            Variants.Select(v =>
                (string[])
                    [
                        v.Variant,
                        .. At.Select(t => results.Number(Experiment, v.Variant, $"bytes@{t}").Mean.ToString("N0", CultureInfo.InvariantCulture)),
                    ]
            )
        );
        Interval gain = results.Difference(Experiment, "Active-OMD", "Rand-OMD", $"average accuracy@{last}"),
            lastGain = results.Difference(Experiment, "Active-OMD", "Rand-OMD", $"accuracy@{last}");
        report.Claim(
            $"Active-OMD is more accurate than Rand-OMD after {Text(last)} comparisons, with the average iterate",
            $"by {gain}; with the last iterate by {lastGain}",
            gain.Low > 0
        );
        Interval error = results.Ratio(Experiment, "Active-OMD", "Rand-OMD", $"error@{last}");
        report.Claim($"Active-OMD's θ is nearer to θ* than Rand-OMD's after {Text(last)} comparisons", $"{error} of its error", error.High < 1);
        report.ClaimSame(
            $"Active-OMD is as accurate as Active-MLE after {Text(last)} comparisons",
            results.Difference(Experiment, "Active-OMD", "Active-MLE", $"accuracy@{last}"),
            scale.IsQuick ? 0.01 : 0.001
        );
        Interval above = results.Difference(Experiment, "Active-OMD", "Active-MLE", $"average accuracy@{last}");
        report.Finding("Active-OMD is more accurate than Active-MLE (by .006)", $"by {above}, with the average iterate", above.Low > 0);
    }

    private static string Text(int t) => t.ToString("N0", CultureInfo.InvariantCulture);
}
