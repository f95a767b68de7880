using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Reporting;
using Spectre.Console;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>Computes the missing cells of a report, and writes the report when all are there.</summary>
internal sealed class PaperRun
{
    private readonly Scale _scale;
    private readonly string _output;
    private readonly string _suffix;
    private readonly IExperiment[] _experiments;
    private readonly ResultFolder _results;
    private readonly string _build = BuildIdentity.Current;

    /// <param name="scale">How much is computed.</param>
    /// <param name="output">The folder.</param>
    /// <param name="preferences">Human preferences; null where there are none.</param>
    /// <param name="model">A language model for the loop; null for the demo model.</param>
    /// <param name="parts">Parts of the report; none for all.</param>
    internal PaperRun(Scale scale, string output, PreferenceFeatures? preferences, string? model, string[] parts)
    {
        _scale = scale;
        _output = output;
        _results = new ResultFolder(output, _build, scale.IsQuick);
        _experiments = [.. All(scale, preferences, model).Where(e => parts.Length == 0 || parts.Contains(e.Name))];
        _suffix = parts.Length == 0 ? "" : $"-{string.Join('-', _experiments.Select(e => e.Name))}";
    }

    /// <summary>The parts of the report.</summary>
    internal static string[] Parts => [.. All(Scale.Quick, null, null).Select(e => e.Name)];

    /// <summary>Computes a share of the cells, with a bar and the time left on a terminal.</summary>
    internal async Task ComputeAsync(Share share, int workers, CancellationToken cancellationToken)
    {
        Cell[] mine = [.. Cells().Where((_, i) => share.Holds(i))];
        Cell[] missing = [.. mine.Where(c => _results.Find(c) is null)];
        if (missing.Length < mine.Length)
            Console.WriteLine($"{mine.Length - missing.Length} of {mine.Length} cells are there already.");
        if (missing.Length == 0)
            return;
        var watch = Stopwatch.StartNew();
        await AnsiConsole
            .Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .StartAsync(async context =>
            {
                ProgressTask bar = context.AddTask($"{missing.Length} cells", maxValue: missing.Length);
                // Long cells begin first, so that in the end no core waits long for another one.
                await Parallel
                    .ForEachAsync(
                        missing.Where(c => !c.Alone).Reverse(),
                        new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellationToken },
                        (cell, stop) =>
                        {
                            Compute(cell, stop);
                            bar.Increment(1);
                            return ValueTask.CompletedTask;
                        }
                    )
                    .ConfigureAwait(false);
                foreach (Cell cell in missing.Where(c => c.Alone))
                {
                    await Task.Run(() => Compute(cell, cancellationToken), cancellationToken).ConfigureAwait(false);
                    bar.Increment(1);
                }
            })
            .ConfigureAwait(false);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{missing.Length} cells computed in {watch.Elapsed.TotalSeconds:F0} s."));
    }

    /// <summary>Writes the report, its plots and its numbers; false where a claim does not hold.</summary>
    internal bool WriteReport()
    {
        List<Result> all = [];
        int missing = 0;
        foreach (Cell cell in Cells())
        {
            if (_results.Find(cell) is { } result)
                all.Add(result);
            else
                missing++;
        }
        if (missing > 0)
            throw new InvalidOperationException($"{missing} cells are missing.");
        var report = new ReportWriter(_output, _suffix);
        var table = new ResultTable(all);
        foreach (IExperiment experiment in _experiments)
            experiment.Write(table, report);
        string path = report.Save(Head(all));
        WriteNumbers(all);
        foreach ((string claim, string measured, bool holds) in report.Claims)
            Console.WriteLine($"{(holds ? "holds        " : "DOES NOT HOLD")}  {claim}: {measured}");
        foreach ((string finding, string measured, bool shows) in report.Findings)
            Console.WriteLine($"expected from the paper, {(shows ? "shows" : "does not show")}  {finding}: {measured}");
        Console.WriteLine($"Written: {path}");
        return report.AllHold;
    }

    private static IExperiment[] All(Scale scale, PreferenceFeatures? preferences, string? model) =>
        [
            new DeploymentExperiment(scale),
            new KappaExperiment(scale),
            new ChunkExperiment(scale),
            new ActiveExperiment(scale),
            new PassiveExperiment(scale),
            new PreferenceExperiment(scale, preferences),
            new LoopExperiment(scale, model),
            new CostExperiment(scale),
            new AblationExperiment(scale),
            new DifferencesSection(),
        ];

    private IEnumerable<Cell> Cells() => _experiments.SelectMany(e => e.Cells());

    private void Compute(Cell cell, CancellationToken cancellationToken)
    {
        Settings.Outcome outcome = cell.Run(cancellationToken);
        _results.Write(cell, new Result(_build, Machine(), cell.Experiment, cell.Variant, cell.Seed, outcome.Numbers, outcome.Times));
    }

    private string Head(IReadOnlyList<Result> results)
    {
        string form = _scale.IsQuick ? " This is the quick form, with short horizons and without the ablations." : "",
            machines = string.Join("; ", results.Select(r => r.Machine).Distinct().Order(StringComparer.Ordinal));
        return $"""
            # One-pass reward modelling: what holds, measured

            A language model becomes useful to a person when it learns what this person prefers: it shows two answers, the person says which is
            better, and a *reward model* learns from many such *comparisons* which kind of answer to serve. The usual way keeps all comparisons and
            fits the reward model to them again and again (*maximum likelihood*, here *full refit*), which costs more with every answer. "Provably
            Efficient Online RLHF with One-Pass Reward Modeling" (Li, Qian, Zhao, Zhou; NeurIPS 2025, arXiv 2502.07193) says that one look at each
            comparison suffices: *online mirror descent* in a *local norm* 𝓗, the sum of what each comparison could say, so that a step is small in
            directions that are known and large in those that are not. Everything here is about answers that are described by d numbers φ and rewards
            that are linear in them, r = φᵀθ; a person prefers a to b with probability σ(r*(a) − r*(b)), where r* = φᵀθ* is the person's own reward,
            which nobody sees, and ‖θ*‖ says how sure the person is. A comparison is z, the difference of two φ, and its answer. Three settings:
            *deployment* (the learner serves and asks about what it serves), *active* (it chooses what to ask), *passive* (comparisons come by
            themselves).

            Learners: **exact one-pass** is this project's own, with 𝓗 kept exactly; **no look-ahead** takes each comparison's curvature before its
            answer is learned instead of after; **matrix-free** is the paper's practical variant, which keeps d numbers and solves by conjugate
            gradient; **first-order** is plain one-pass gradient descent; **authors' code** is what the published implementation does; **full refit**
            is the yardstick, minimised to a gradient norm of 1e-6 whenever its θ is asked for, which is after every answer where it chooses what to
            ask.

            Their numbers: η or c is a step size, λ how strongly θ is held near 0, β how much the uncertainty counts in the exploration rule; K steps
            of conjugate gradient over a minibatch of comparisons, and a schedule of λ towards a horizon T, belong to the matrix-free learner.

            Rules that choose the two answers to ask about, by the learned reward: **exploration**, the best and, of the others, the one with the
            highest reward + β × uncertainty of its difference to the best; **best + top 1/q**, the best and the one at that place of the ranking, the
            paper's practical rule; **best + second**, **best + worst**, **random pair**; **rejection sampling**, the best and a random one, likelier
            the higher its reward, exp(r); **most uncertain pair**, whatever its reward. Uncertainty is the length of a difference in the norm of
            𝓗⁻¹. The *daemon* is this project's program, which does this with a language model on a small device; a *press* is a person's answer to
            it.

            {_scale.Seeds} paired seeds or more, as each part says: every learner and rule of one seed sees the same problem, requests and coin flips.
            Mean and 95 % interval by Student's t; ratios and differences are of pairs of one seed. Seeds 1 and up.{form}
            {ReportWriter.TimeMark}Computed by {machines}. Build {_build}. Lines with this mark hold times, which differ from run to run; all else is
            the same on every run of this build on one kind of processor.

            """;
    }

    private void WriteNumbers(IReadOnlyList<Result> results)
    {
        var numbers = new JsonObject();
        foreach (
            Result result in results
                .OrderBy(r => r.Experiment, StringComparer.Ordinal)
                .ThenBy(r => r.Variant, StringComparer.Ordinal)
                .ThenBy(r => r.Seed)
        )
            numbers[$"{result.Experiment}/{result.Variant}/{result.Seed}"] = new JsonObject(
                result.Numbers.Select(n => KeyValuePair.Create(n.Key, (JsonNode?)JsonValue.Create(n.Value)))
            );
        File.WriteAllText(Path.Combine(_output, $"numbers{_suffix}.json"), numbers.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    private static string Machine()
    {
        string model = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
                ?? "unnamed processor"
            : "unnamed processor";
        return $"{model}, {Environment.ProcessorCount} cores, {RuntimeInformation.RuntimeIdentifier}, {RuntimeInformation.FrameworkDescription}";
    }
}
