using System.Diagnostics;
using System.Globalization;
using OnlineRlhf.Experiments.Cells;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Reporting;
using OnlineRlhf.Experiments.Settings;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Paper;

/// <summary>What one more comparison costs after t of them, and what must be kept.</summary>
internal sealed class CostExperiment(Scale scale) : IExperiment
{
    private const string Experiment = "cost";
    private const int Dimension = 577;

    private static readonly (string Name, Func<IRewardModel> Create)[] OnePass =
    [
        ("exact one-pass", () => new OnePassRewardModel(Dimension, new HyperParameters())),
        ("exact, no look-ahead", () => new NoLookAheadRewardModel(Dimension, new HyperParameters())),
        ("matrix-free", () => new MatrixFreeRewardModel(Dimension, new MatrixFreeOptions(1_000_000))),
        ("first-order", () => new FirstOrderRewardModel(Dimension, 4)),
        // This runs conjugate gradient to the end. In the authors' schedule plain descent follows after 100 steps.
        ("authors' code", () => new ReferenceRewardModel(Dimension, 0.1, growth: double.MaxValue)),
    ];

    private int[] At => scale.IsQuick ? [100, 1000, 10_000] : [100, 1000, 10_000, 100_000, 1_000_000];

    private int[] RefitAt => scale.IsQuick ? [100, 1000] : [100, 1000, 10_000];

    public string Name => Experiment;

    public IEnumerable<Cell> Cells()
    {
        foreach ((string name, Func<IRewardModel> create) in OnePass)
            yield return new Cell(Experiment, name, 0, stop => Learn(create, At, stop)) { Alone = true };
        foreach (Solver solver in Enum.GetValues<Solver>())
            yield return new Cell(Experiment, NameOf(solver), 0, stop => Refit(solver, RefitAt, stop)) { Alone = true };
    }

    public void Write(ResultTable results, ReportWriter report)
    {
        report.Heading("What a comparison costs");
        string gradientNorm = MaximumLikelihoodRewardModel.GradientNorm.ToString("0e-0", CultureInfo.InvariantCulture);
        report.Paragraph(
            $"""
            d = {Dimension}, one core, median of repeated measurements. A refit starts from the last minimum, one comparison ago, and ends at a
            gradient norm of {gradientNorm}: the fastest of three methods is what counts. Bytes are what must be kept between two comparisons: the
            exact learner's d²/2 numbers are more than a short history, and fewer than one of more than some {Dimension} comparisons.
            """
        );
        (string Name, int[] At)[] rows = [.. OnePass.Select(l => (l.Name, At)), .. Enum.GetValues<Solver>().Select(s => (NameOf(s), RefitAt))];
        report.Times(
            ["milliseconds a comparison", .. At.Select(Text)],
            rows.Select(r =>
                (string[])
                    [r.Name, .. At.Select(t => r.At.Contains(t) ? Milliseconds(results, r.Name, t).ToString("G3", CultureInfo.InvariantCulture) : "")]
            )
        );
        report.Table(
            ["bytes kept", .. At.Select(Text)],
            rows.Where(r => r.Name != NameOf(Solver.Newton) && r.Name != NameOf(Solver.LimitedMemoryBfgs))
                .Select(r =>
                    (string[])
                        [
                            r.Name,
                            .. At.Select(t =>
                                r.At.Contains(t)
                                    ? results.Number(Experiment, r.Name, $"bytes@{t}").Mean.ToString("N0", CultureInfo.InvariantCulture)
                                    : ""
                            ),
                        ]
                )
        );
        var plot = new Plot("cost", $"Time of one comparison, d = {Dimension}", "comparisons before it", "milliseconds", logX: true, logY: true);
        foreach ((string name, int[] at) in rows)
            plot.Line(name, at.Select(t => ((double)t, new Interval(Milliseconds(results, name, t), double.NaN, 1))));
        report.Picture(plot);
        int last = RefitAt[^1];
        double fastest = Enum.GetValues<Solver>().Min(s => Milliseconds(results, NameOf(s), last)),
            ours = Milliseconds(results, OnePass[0].Name, last);
        int times = scale.IsQuick ? 10 : 100;
        report.Claim(
            $"At t = {Text(last)} the exact learner is more than {times} times as fast as the fastest refit",
            string.Create(CultureInfo.InvariantCulture, $"{ReportWriter.TimeMark}{fastest / ours:F0} times"),
            fastest / ours > times
        );
        double flat = Milliseconds(results, OnePass[0].Name, At[^1]) / Milliseconds(results, OnePass[0].Name, At[0]);
        report.Claim(
            $"The exact learner's comparison costs the same at t = {Text(At[0])} and t = {Text(At[^1])}: the ratio is between 0.6 and 1.6",
            string.Create(CultureInfo.InvariantCulture, $"{ReportWriter.TimeMark}ratio {flat:F2}"),
            flat is > 0.6 and < 1.6
        );
    }

    private static double Milliseconds(ResultTable results, string variant, int t) => results.Time(Experiment, variant, $"milliseconds@{t}").Mean;

    private static Outcome Learn(Func<IRewardModel> create, int[] at, CancellationToken cancellationToken)
    {
        const int measured = 50;
        var outcome = new Outcome();
        WarmUp(create());
        IRewardModel model = create();
        var stream = new Comparisons(Dimension);
        foreach (int t in at)
        {
            while (model.Comparisons < t - measured)
            {
                if ((model.Comparisons & 1023) == 0)
                    cancellationToken.ThrowIfCancellationRequested();
                model.Observe(stream.Next());
            }
            outcome.Times[$"milliseconds@{t}"] = MedianMilliseconds(measured, stream, model.Observe);
            outcome.Numbers[$"bytes@{t}"] = Learner.StateBytes(model);
        }
        return outcome;
    }

    /// <summary>
    /// Runs the code until the compiler has replaced it by a faster form, which it does some time after it has seen that code runs often.
    /// Otherwise the first comparisons would be measured in the slow form.
    /// </summary>
    private static void WarmUp(IRewardModel model)
    {
        var stream = new Comparisons(Dimension);
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(1); )
            model.Observe(stream.Next());
    }

    private static Outcome Refit(Solver solver, int[] at, CancellationToken cancellationToken)
    {
        var outcome = new Outcome();
        var stream = new Comparisons(Dimension);
        var model = new MaximumLikelihoodRewardModel(Dimension, 1, solver);
        foreach (int t in at)
        {
            int measured = t < 10_000 ? 5 : 3;
            while (model.Comparisons < t - measured)
                model.Observe(stream.Next());
            cancellationToken.ThrowIfCancellationRequested();
            model.Refit();
            outcome.Times[$"milliseconds@{t}"] = MedianMilliseconds(
                measured,
                stream,
                next =>
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    model.Observe(next);
                    model.Refit();
                }
            );
            outcome.Numbers[$"bytes@{t}"] = Learner.StateBytes(model);
        }
        return outcome;
    }

    private static double MedianMilliseconds(int count, Comparisons stream, Action<Comparison> take)
    {
        double[] times = new double[count];
        for (int i = 0; i < count; i++)
        {
            Comparison next = stream.Next();
            long start = Stopwatch.GetTimestamp();
            take(next);
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        Array.Sort(times);
        return times[count / 2];
    }

    private static string NameOf(Solver solver) =>
        solver switch
        {
            Solver.Newton => "full refit, Newton",
            Solver.NewtonConjugateGradient => "full refit, Newton-CG",
            Solver.LimitedMemoryBfgs => "full refit, L-BFGS",
        };

    private static string Text(int t) => t.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Random comparisons with answers by a hidden θ*, without end and from a fixed seed.</summary>
    private sealed class Comparisons(int dimension)
    {
        private readonly Random _random = new(577);
        private readonly float[] _difference = new float[dimension];

        internal Comparison Next()
        {
            double margin = 0,
                scale = 1 / Math.Sqrt(dimension);
            for (int i = 0; i < dimension; i++)
            {
                // Of about unit norm. The first 16 entries decide the answer.
                _difference[i] = (float)(scale * Math.Sqrt(3) * ((2 * _random.NextDouble()) - 1));
                margin += i < 16 ? 6 * _difference[i] : 0;
            }
            return new Comparison(_difference, _random.NextDouble() < 1 / (1 + Math.Exp(-margin)) ? 1 : 0);
        }
    }
}
