using System.Globalization;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Settings;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Learning;
using OnlineRlhf.Simulation;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>
/// The language model in the loop, through the daemon's own path, with a simulated person: deployment,
/// active and passive, with and without style hints.
/// </summary>
internal sealed class LoopExperiment : IExperiment
{
    private static readonly LoopVariant Daemon = new("deployment, as the daemon"),
        WithoutHints = new("deployment, without style hints") { Hints = [] },
        WithoutExploration = new("deployment, best + second (β = 0)") { HyperParameters = new HyperParameters(Regularization: 3, Exploration: 0) },
        LessRegularized = new("deployment, λ = 1") { HyperParameters = new HyperParameters() },
        Active =
            new("active: against the answer that it knows least (β = 1000)")
            {
                HyperParameters = new HyperParameters(Regularization: 3, Exploration: 1000),
            },
        Passive = new("passive: random pairs, brought by a client") { IsPassive = true };

    private readonly Scale _scale;
    private readonly string? _model;
    private readonly string _name,
        _experiment;
    private readonly LoopVariant[] _variants;

    /// <param name="scale">How much is computed.</param>
    /// <param name="model">A GGUF file; null for the demo model, which takes no style hints.</param>
    internal LoopExperiment(Scale scale, string? model)
    {
        _scale = scale;
        _model = model;
        GgufFile? file = model is null ? null : GgufFile.Open(model);
        _name = file is null ? "the demo model" : file.Name ?? Path.GetFileName(model!);
        _experiment = file is null ? "loop, demo model" : $"loop, {file.Fingerprint[..8]}";
        // The demo model takes no style hints: only a real model tells what they do.
        _variants =
            scale.IsQuick ? [Daemon]
            : file is null ? [Daemon, WithoutExploration, LessRegularized, Active, Passive]
            : [Daemon, WithoutHints];
    }

    public string Name => "loop";

    private int[] At =>
        _scale.IsQuick ? [10]
        : _model is not null ? [10, 25]
        : [10, 25, 50];

    // With a real model a cell takes minutes.
    private int TestRequests => _model is not null || _scale.IsQuick ? 10 : 27;

    private int Seeds =>
        _model is not null ? 1
        : _scale.IsQuick ? 2
        : 4;

    private static IEnumerable<string> Tastes => SimulationPlan.Default.Tastes.Keys;

    public IEnumerable<Cell> Cells() =>
        from variant in _variants
        from taste in Tastes
        from seed in Scale.SeedsUpTo(Seeds)
        select new Cell(
            _experiment,
            $"{variant.Name}, {taste}",
            seed,
            stop => LanguageModelLoop.Run(_model, taste, variant, seed, At, TestRequests, stop)
        );

    public void Write(ResultTable results, ReportWriter report)
    {
        int last = At[^1];
        report.Heading("The language model in the loop");
        report.Paragraph(
            $"""
            {char.ToUpperInvariant(_name[0])}{_name[
                1..
            ]}, driven by the daemon's own path from request to learned press; simulated people with {Tastes.Count()} hidden tastes ({string.Join(
                ", ",
                Tastes
            )}), {Seeds} of each, who prefer a to b with probability σ(u(a) − u(b)), u being their taste. All three settings are as the daemon has
            them: each press is learned before the next request, so that there are no chunks. Measured on {TestRequests} requests on topics that no
            press was
            about: 0 is choosing blindly among the {SimulationPlan.Default.Candidates} candidates, 1 what somebody who knows the taste would choose.
            The percentile is the share of the other candidates that are worse, ½ by chance. Win rates are how often the served answer is preferred,
            in expectation: to a candidate at random, and to the one that a full refit on the same presses serves, which is mostly the same one.
            The daemon has λ = 3 and β = 1. Intervals are over tastes and seeds; two runs on different processors may choose differently where scores
            nearly tie, and so differ in single numbers.
            """
        );
        report.Table(
            [
                "share of the possible gain after",
                .. At.Select(t => $"{t.ToString(CultureInfo.InvariantCulture)} presses"),
                "served at percentile",
                "wins against a random one",
                "wins against the refit's",
                "serves the same as the refit",
            ],
            _variants.Select(v =>
                (string[])
                    [
                        v.Name,
                        .. At.Select(t => Over(results, v, $"share of gain@{t}").ToString()),
                        .. ((string[])["percentile", "win rate", "win rate against refit", "same as refit"]).Select(n =>
                            Over(results, v, $"{n}@{last}").ToString()
                        ),
                    ]
            )
        );
        if (_model is null)
        {
            Interval share = Over(results, Daemon, $"share of gain@{At[0]}");
            report.Claim(
                $"After {At[0]} presses the language model's answers have turned to the taste, by more than 0.4 of what is possible",
                share.ToString(),
                share.Low > 0.4
            );
        }
        else
        {
            // A real model's candidates may hardly differ in what somebody likes. A share of what is possible would then be a share of nothing.
            Interval served = Over(results, Daemon, $"percentile@{last}");
            report.Claim(
                $"After {last} presses the language model serves answers that stand above the middle of its candidates",
                $"{served} of the other candidates are worse, in the mean",
                served.Low > 0.5
            );
        }
        if (_variants.Contains(WithoutHints))
            report.Paragraph(
                $"Style hints lift the served answer by {Difference(results, Daemon, WithoutHints, $"percentile@{last}")} "
                    + $"of its percentile among candidates that differ more, after {last} presses."
            );
        Interval wins = Over(results, Daemon, $"win rate against refit@{last}");
        report.ClaimSame(
            $"After {last} presses the language model's answers are preferred to those of a full refit in half of the cases",
            wins.Minus(0.5),
            0.01
        );
    }

    private Interval Difference(ResultTable results, LoopVariant variant, LoopVariant against, string number) =>
        Interval.Of([
            .. Tastes.SelectMany(t =>
                results
                    .Numbers(_experiment, $"{variant.Name}, {t}", number)
                    .Zip(results.Numbers(_experiment, $"{against.Name}, {t}", number), (a, b) => a - b)
            ),
        ]);

    private Interval Over(ResultTable results, LoopVariant variant, string number) =>
        Interval.Of([.. Tastes.SelectMany(t => results.Numbers(_experiment, $"{variant.Name}, {t}", number))]);
}
