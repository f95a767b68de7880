using System.Diagnostics;
using System.Globalization;
using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Reporting;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>
/// How much better an answer suits simulated people after 10 to 100 presses. They choose among answers that were sampled once and are kept in a file;
/// the
/// learner, its rule and its features are the daemon's.
/// </summary>
internal static class TasteBenchmark
{
    private const int People = 240,
        Seeds = 2;
    private const int Barred = 4;

    /// <summary>After how many presses it is measured.</summary>
    private static readonly int[] Checkpoints = [10, 25, 50, 100];

    private const string Full = "hints + statistics + overlap";

    private static readonly LearnerKind[] Kinds =
    [
        new("8 plain, hidden blocks + log tokens", Hinted: false, Adaptive: false, Statistics: false),
        new("8 plain + statistics", Hinted: false, Adaptive: false, Statistics: true),
        new("2 plain + 6 hints, without statistics", Hinted: true, Adaptive: false, Statistics: false),
        new("2 plain + 6 " + Full, Hinted: true, Adaptive: false, Statistics: true),
        new("  the same, hints assigned by what was learned", Hinted: true, Adaptive: true, Statistics: true),
    ];

    internal static void Run(Report report, string? model, string? file, string directory, int threads, int requests)
    {
        report.Begin("tastes", "utility of the served answer on held-out requests, in standard deviations of plain answers");
        var candidates = new Candidates(CandidateSampling.Load(file, directory, model, threads, requests));
        if (candidates.Requests < 12)
            throw new InvalidOperationException($"Only {candidates.Requests} requests have two answers or more: too few to hold a third out.");
        PropertyTable style = PropertyTable.OfStatistics(candidates),
            unmeasured = PropertyTable.OfUnmeasured(candidates);
        PropertyTable? relevance = PropertyTable.OfOverlap(candidates);
        Split[] splits = [.. Enumerable.Range(0, Seeds).Select(seed => Split.Draw(candidates.Requests, seed))];
        bool real = model is not null;

        List<(string Name, PropertyTable Properties, PropertyTable? Relevance, double? Bar)> conditions =
        [
            ("style only", style, null, real ? 1.2 : null),
        ];
        if (relevance is not null)
            conditions.Add(("half relevance", style, relevance, real ? 0.5 : null));
        conditions.Add(($"unmeasured ({unmeasured.Names.Count} properties)", unmeasured, null, null));
        if (relevance is not null)
            conditions.Add(("unmeasured, half relevance", unmeasured, relevance, null));

        MixedTaste[][] tastes =
        [
            .. conditions.Select(c => Enumerable.Range(0, People).Select(p => MixedTaste.Draw(candidates, c.Properties, c.Relevance, p)).ToArray()),
        ];
        double[][][][] learned = Learn(candidates, tastes, splits);

        Console.WriteLine($"  {candidates.Requests} requests, a third held out; {People} tastes, {Seeds} seeds; ± one standard error over tastes");
        Console.WriteLine($"  {"after presses", -44}{string.Concat(Checkpoints.Select(c => $"{c, 14}"))}");
        for (int c = 0; c < conditions.Count; c++)
        {
            Console.WriteLine($"  {conditions[c].Name}");
            Knowing(candidates, report, conditions[c].Name, "all-knowing chooser, 8 plain", tastes[c], hinted: false, splits);
            for (int k = 0; k < Kinds.Length; k++)
                Row(report, conditions[c].Name, Kinds[k].Name, learned[c][k], k == Barred ? conditions[c].Bar : null);
            Knowing(candidates, report, conditions[c].Name, "all-knowing chooser, 2 plain + 6 hints", tastes[c], hinted: true, splits);
        }
        Compare(report, [.. conditions.Select(c => c.Name)], learned);
        report.Note(
            "0 is a plain answer, 1 a standard deviation among the plain answers to a request. 80 % agreement on a median pair; the daemon's learner."
        );
        report.PrintNotes();
    }

    /// <summary>By condition, kind, person and checkpoint: means over the seeds.</summary>
    private static double[][][][] Learn(Candidates candidates, MixedTaste[][] tastes, Split[] splits)
    {
        double[][][][] learned =
        [
            .. tastes.Select(_ => Kinds.Select(_ => Enumerable.Range(0, People).Select(_ => new double[Checkpoints.Length]).ToArray()).ToArray()),
        ];
        long start = Stopwatch.GetTimestamp();
        for (int seed = 0; seed < splits.Length; seed++)
        {
            for (int k = 0; k < Kinds.Length; k++)
            {
                FeatureTable features = FeatureTable.Build(candidates, Kinds[k], splits[seed].Training);
                for (int c = 0; c < tastes.Length; c++)
                {
                    int condition = c,
                        kind = k,
                        number = seed;
                    _ = Parallel.For(
                        0,
                        People,
                        person =>
                        {
                            MixedTaste taste = tastes[condition][person];
                            Split split = splits[number];
                            int[][] served = Trial.Run(candidates, features, taste, Kinds[kind], split, Checkpoints, (1000 * number) + person);
                            for (int i = 0; i < served.Length; i++)
                                learned[condition][kind][person][i] +=
                                    split.HeldOut.Zip(served[i], (r, c) => taste.Utilities[Candidates.Set(r, Kinds[kind].Hinted)][c]).Average()
                                    / Seeds;
                        }
                    );
                }
            }
            TimeSpan left = Stopwatch.GetElapsedTime(start) / (seed + 1) * (splits.Length - seed - 1);
            Console.WriteLine($"  seed {seed + 1} of {splits.Length} simulated, {left:m\\:ss} left");
        }
        return learned;
    }

    private static void Row(Report report, string condition, string name, double[][] people, double? bar)
    {
        string cells = "";
        for (int i = 0; i < Checkpoints.Length; i++)
        {
            double[] values = [.. people.Select(p => p[i])];
            var measured = new Measurement(
                $"{condition}: {name}, after {Checkpoints[i]}",
                values.Average(),
                AtLeast: i == 0 ? bar : null,
                StandardError: values.StandardError()
            );
            report.Add(measured);
            cells += Cell(measured);
        }
        string verdict = bar is null
            ? ""
            : $"   after {Checkpoints[0]} ≥ {bar.Value.ToString(CultureInfo.InvariantCulture)}: "
                + $"{(people.Average(p => p[0]) >= bar ? "ok" : "MISSED")}";
        Console.WriteLine($"    {name, -42}{cells}{verdict}");
    }

    private static void Knowing(Candidates candidates, Report report, string condition, string name, MixedTaste[] tastes, bool hinted, Split[] splits)
    {
        double[] values = [.. tastes.Select(t => splits.Average(s => Trial.Best(candidates, t, hinted, s.HeldOut)))];
        var measured = new Measurement($"{condition}: {name}", values.Average(), StandardError: values.StandardError());
        report.Add(measured);
        Console.WriteLine($"    {name, -42}{Cell(measured)}");
    }

    /// <summary>
    /// On properties that no statistic measures, statistics must cost nothing: the paired difference to hidden blocks alone, after ten presses.
    /// </summary>
    private static void Compare(Report report, string[] conditions, double[][][][] learned)
    {
        for (int c = 0; c < conditions.Length; c++)
        {
            if (!conditions[c].StartsWith("unmeasured", StringComparison.Ordinal))
                continue;
            foreach (
                (string what, int with, int without) in (ReadOnlySpan<(string, int, int)>)
                    [("hints: with − without statistics", 3, 2), (Full + " − hidden blocks on plain answers", Barred, 0)]
            )
            {
                double[] differences = [.. Enumerable.Range(0, People).Select(p => learned[c][with][p][0] - learned[c][without][p][0])];
                double mean = differences.Average(),
                    error = differences.StandardError();
                // Within noise of equal is not worse.
                var measured = new Measurement(
                    $"{conditions[c]}: {what}, after {Checkpoints[0]}",
                    mean,
                    AtLeast: Math.Round(-2 * error, 3),
                    StandardError: error
                );
                report.Add(measured);
                Console.WriteLine($"  {measured.Name}: {measured.Amount} ({measured.Bar}, two standard errors: {measured.Verdict})");
            }
        }
    }

    private static string Cell(Measurement measured) =>
        string.Create(CultureInfo.InvariantCulture, $"{measured.Value:0.00} ± {measured.StandardError:0.00}").PadLeft(14);
}
