using System.Globalization;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Settings;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference;
using OnlineRlhf.Learning;
using OnlineRlhf.Rounds.Simulation;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>The language model in the loop, through the daemon's own path, with a simulated person: with and without exploration, with and without style hints.</summary>
internal sealed class LoopExperiment : IExperiment
{
    private const string Daemon = "as the daemon";

    private readonly Scale _scale;
    private readonly string? _model;
    private readonly string _name, _experiment;
    private readonly (string Variant, HyperParameters? HyperParameters, IReadOnlyList<string>? Hints)[] _variants;

    /// <param name="scale">How much is computed.</param>
    /// <param name="model">A GGUF file; null for the demo model, which takes no style hints.</param>
    internal LoopExperiment(Scale scale, string? model)
    {
        _scale = scale;
        _model = model;
        GgufFile? file = model is null ? null : GgufFile.Open(model);
        _name = file is null ? "the demo model" : file.Name ?? Path.GetFileName(model!);
        _experiment = file is null ? "loop, demo model" : $"loop, {file.Fingerprint[..8]}";
        (string Variant, HyperParameters?, IReadOnlyList<string>?)[] all =
        [
            (Daemon, null, null),
            .. file is null ? [] : (ReadOnlySpan<(string, HyperParameters?, IReadOnlyList<string>?)>)[("without style hints", null, [])],
            ("without exploration, β = 0", new HyperParameters(Regularization: 3, Exploration: 0), null),
            ("λ = 1", new HyperParameters(), null),
        ];
        _variants = scale.IsQuick ? all[..1] : all;
    }

    public string Name => "loop";

    private int[] At => _model is not null ? [10, 25] : _scale.IsQuick ? [10] : [10, 25, 50];

    // A real model takes seconds a request.
    private int TestRequests => _model is not null || _scale.IsQuick ? 10 : 27;

    private int Seeds => _model is not null || _scale.IsQuick ? 2 : 4;

    private static IEnumerable<string> Tastes => SimulationPlan.Default.Tastes.Keys;

    public IEnumerable<Cell> Cells() =>
        from variant in _variants
        from taste in Tastes
        from seed in Scale.SeedsUpTo(Seeds)
        select new Cell(_experiment, $"{variant.Variant}, {taste}", seed, stop => LanguageModelLoop.Run(_model, taste, variant.HyperParameters, variant.Hints, seed, At, TestRequests, stop));

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("The language model in the loop");
        report.Paragraph($"""
            {_name}, driven by the daemon's own path from request to learned press; simulated people with {Tastes.Count()} hidden tastes ({string.Join(", ", Tastes)}), {Seeds} of each, who press wrong now and then. Measured on {TestRequests} requests on topics that no press was about: 0 is choosing blindly
            among the {SimulationPlan.Default.Candidates} candidates, 1 what somebody who knows the taste would choose. Intervals are over tastes and seeds. Another random order of the same floating-point sums may change single numbers between kinds of processors.
            """);
        report.Table(["share of the possible gain after", .. At.Select(t => $"{t.ToString(CultureInfo.InvariantCulture)} presses")], _variants.Select(v => (string[])
            [v.Variant, .. At.Select(t => Share(results, v.Variant, t).ToString())]));
        Interval share = Share(results, Daemon, At[0]);
        report.Claim($"After {At[0]} presses the language model's answers have turned to the taste", $"{share} of the possible gain", share.Low > 0.2);
    }

    private Interval Share(ResultTable results, string variant, int presses) => Interval.Of([.. Tastes.SelectMany(t => results.Numbers(_experiment, $"{variant}, {t}", $"share of gain@{presses}"))]);
}
