using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Reporting;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>
/// Answers that are chosen block by block beside answers that are chosen whole, for the same simulated people. The steered people use the whole loop;
/// whole answers come from those that <see cref="TasteBenchmark"/> uses.
/// </summary>
internal static class SteeredBenchmark
{
    private const string Whole = "whole",
        Steered = "steered",
        Unmeasured = "unmeasured";
    private const int Repeats = 4;
    private static readonly int[] Checkpoints = [10, 25, 100];

    private static readonly (string Name, SteeringOptions Steering)[] Usual =
    [
        (Steered, new SteeringOptions()),
        ("best", new SteeringOptions(Branches: 8, ServedBlock: 8)),
    ];

    /// <param name="report">Takes the measurements.</param>
    /// <param name="model">The model file; null for the demo model.</param>
    /// <param name="directory">The folder that keeps candidates, results and state.</param>
    /// <param name="requests">How many of the everyday requests.</param>
    /// <param name="plan">What is measured.</param>
    internal static void Run(Report report, string? model, string directory, int requests, SteeredPlan plan)
    {
        report.Begin("steered", "utility of the served answer on held-out requests, chosen block by block and chosen whole");
        var candidates = new Candidates(CandidateSampling.Load(null, directory, model, threads: 1, requests));
        PropertyTable style = PropertyTable.OfStatistics(candidates);
        PropertyTable? relevance = PropertyTable.OfOverlap(candidates);
        List<Condition> conditions = [new("style only", style, null), new(Unmeasured, PropertyTable.OfUnmeasured(candidates), null)];
        if (relevance is not null)
            conditions.Insert(1, new("half relevance", style, relevance));
        conditions.RemoveAll(c => plan.Conditions.Length > 0 && !plan.Conditions.Contains(c.Name));
        Split split = Split.Draw(candidates.Requests, 0);
        var trial = new SteeredTrial(candidates, relevance, split, Math.Min(plan.HeldOut, split.HeldOut.Count));
        string name = model is null ? "demo" : "SmolLM2";
        var results = new SteeredFile(Path.Combine(directory, $"steered-{name}.jsonl"));
        (string Name, SteeringOptions Steering)[] forms = plan.Forms.Length == 0 ? Usual : [.. plan.Forms.Select(Form)];
        int[] checkpoints = [.. Checkpoints.Where(c => c <= plan.Presses)];

        Chosen(candidates, trial, split, conditions, results, name, plan.People, checkpoints);
        Write(candidates, trial, conditions, forms, results, name, model, directory, plan, checkpoints);
        foreach (Condition condition in conditions)
        {
            double knowing = Enumerable
                .Range(0, plan.People)
                .Average(p => Trial.Best(candidates, condition.Person(candidates, p), candidates.Hints.Count > 0, split.HeldOut));
            Tabulate(report, results, name, condition.Name, [.. forms.Select(f => f.Name)], knowing);
        }
        Compare(report, results, name, [.. forms.Select(f => f.Name)]);
        report.Note("0 is a plain answer, 1 a standard deviation among the plain answers to a request. ± is half of a 95 % interval over people.");
        report.Note("Ratios are paired: the same people with whole answers. Tokens are those of all candidates of a round.");
        report.PrintNotes();
    }

    /// <summary>
    /// A usual form by its name, or any other: 8+3/6 is a first block of 8 tokens, 3 branches, and 6 tokens where nothing is asked, however short
    /// answers are.
    /// </summary>
    private static (string Name, SteeringOptions Steering) Form(string name)
    {
        foreach ((string usual, SteeringOptions steering) in Usual)
        {
            if (usual == name)
                return (usual, steering);
        }
        int[] numbers = [.. name.Split('+', '/').Select(n => int.Parse(n, CultureInfo.InvariantCulture))];
        return (name, new SteeringOptions(numbers[0], numbers[1], numbers[2], ShortAnswer: 0));
    }

    /// <summary>Whole answers, each person several times: the answers are there already, so that this costs nothing.</summary>
    private static void Chosen(
        Candidates candidates,
        SteeredTrial trial,
        Split split,
        List<Condition> conditions,
        SteeredFile results,
        string name,
        int people,
        int[] checkpoints
    )
    {
        bool hinted = candidates.Hints.Count > 0;
        var kind = new LearnerKind("", Hinted: hinted, Adaptive: hinted, Statistics: true);
        FeatureTable features = FeatureTable.Build(candidates, kind, split.Training);
        foreach (Condition condition in conditions)
        {
            _ = Parallel.For(
                0,
                people,
                person =>
                {
                    if (results.Holds(name, condition.Name, Whole, person, Checkpoints.Length))
                        return;
                    MixedTaste taste = condition.Person(candidates, person);
                    ServedAnswers[][] served =
                    [
                        .. Enumerable
                            .Range(0, Repeats)
                            .Select(r =>
                                Trial.Run(candidates, features, taste, kind, split, Checkpoints, (1000 * r) + person).Select(Mean).ToArray()
                            ),
                    ];
                    ServedAnswers[] after =
                    [
                        .. Checkpoints.Select((presses, i) => ServedAnswers.Mean([.. served.Select(s => s[i])]) with { Presses = presses }),
                    ];
                    results.Append(new SteeredRecord(name, condition.Name, Whole, person, after, after[0].Tokens));

                    ServedAnswers Mean(int[] chosen) => ServedAnswers.Mean([.. split.HeldOut.Zip(chosen, One)]);

                    ServedAnswers One(int request, int candidate) =>
                        trial.Measure(taste, request, Set(request)[candidate].Text) with
                        {
                            Tokens = Candidates.Assigned * Set(request).Average(c => c.Tokens),
                        };
                }
            );
        }

        IReadOnlyList<CachedCandidate> Set(int request) => candidates.Sets[Candidates.Set(request, hinted)].Candidates;
    }

    /// <summary>Steered answers, which every person has written anew: as many people at a time as there are processors.</summary>
    private static void Write(
        Candidates candidates,
        SteeredTrial trial,
        List<Condition> conditions,
        (string Name, SteeringOptions Steering)[] forms,
        SteeredFile results,
        string name,
        string? model,
        string directory,
        SteeredPlan plan,
        int[] checkpoints
    )
    {
        (Condition Condition, int Person, string Form, SteeringOptions Steering)[] missing =
        [
            .. from person in Enumerable.Range(0, plan.People)
            from condition in conditions
            from form in forms
            where !results.Holds(name, condition.Name, form.Name, person, checkpoints.Length)
            select (condition, person, form.Name, form.Steering),
        ];
        var queue = new ConcurrentQueue<(Condition Condition, int Person, string Form, SteeringOptions Steering)>(missing);
        long start = Stopwatch.GetTimestamp();
        int done = 0;
        using var source = ModelSource.Open(model);
        Thread[] workers = [.. Enumerable.Range(0, Math.Min(plan.Workers, missing.Length)).Select(_ => new Thread(Work))];
        foreach (Thread worker in workers)
            worker.Start();
        foreach (Thread worker in workers)
            worker.Join();

        void Work()
        {
            using LanguageModel own = LanguageModel.Load(
                new LanguageModelOptions
                {
                    ModelPath = source.Path,
                    ContextTokens = 512,
                    AnswerTokens = CandidateSampling.MaxTokens,
                    Threads = 1,
                }
            );
            using var folder = WorkFolder.Create(directory);
            PreferenceLoop.Calibrate(own, folder.FullPath);
            while (queue.TryDequeue(out (Condition Condition, int Person, string Form, SteeringOptions Steering) job))
            {
                MixedTaste taste = job.Condition.Person(candidates, job.Person);
                (ServedAnswers[] after, double asked) = trial
                    .RunAsync(own, folder.FullPath, job.Steering, taste, checkpoints, job.Person)
                    .GetAwaiter()
                    .GetResult();
                results.Append(new SteeredRecord(name, job.Condition.Name, job.Form, job.Person, after, asked));
                int count = Interlocked.Increment(ref done);
                TimeSpan left = Stopwatch.GetElapsedTime(start) / count * (missing.Length - count);
                Console.WriteLine($"  {count} of {missing.Length}: person {job.Person}, {job.Condition.Name}, {job.Form}, {left:h\\:mm\\:ss} left");
            }
        }
    }

    private static void Tabulate(Report report, SteeredFile results, string model, string condition, string[] forms, double knowing)
    {
        Console.WriteLine($"  {model}, {condition}; somebody who knows the tastes, among eight whole answers: {knowing:0.00}");
        Console.WriteLine(
            $"    {"form", -9}{"presses", 8}{"people", 8}{"utility", 15}{"÷ whole", 15}{"overlap", 9}{"trigrams", 10}{"words", 7}{"tokens", 8}"
        );
        foreach (string form in forms.Prepend(Whole))
        {
            foreach (int presses in Checkpoints)
            {
                Pair[] pairs = [.. Pairs(results, model, condition, form, presses)];
                if (pairs.Length < 2)
                    continue;
                double[] own = [.. pairs.Select(p => p.Own.Utility)];
                (double ratio, double error) = Ratio(pairs);
                string cell = $"{model}, {condition}, {form}, after {presses}";
                report.Add(new Measurement(cell, own.Average(), StandardError: own.StandardError()));
                report.Add(new Measurement(cell + ", ÷ whole", ratio, StandardError: error));
                string utility = Interval(own.Average(), own.StandardError()),
                    against = Interval(ratio, error);
                double overlap = pairs.Average(p => p.Own.Overlap),
                    trigrams = pairs.Average(p => p.Own.Trigrams),
                    words = pairs.Average(p => p.Own.Words),
                    tokens = pairs.Sum(p => p.Own.Tokens) / pairs.Sum(p => p.Other.Tokens);
                FormattableString like = $"{overlap, 9:0.00}{trigrams, 10:0.00}{words, 7:0.0}{tokens, 8:0%}";
                Console.WriteLine(
                    $"    {form, -9}{presses, 8}{pairs.Length, 8}{utility, 15}{against, 15}" + like.ToString(CultureInfo.InvariantCulture)
                );
            }
        }
    }

    /// <summary>The mean over all cells of served rounds, each cell in units of its whole answers.</summary>
    private static void Compare(Report report, SteeredFile results, string model, string[] forms)
    {
        foreach (string form in forms)
        {
            (double Ratio, double Error)[] cells =
            [
                .. from condition in results.Records.Select(r => r.Condition).Distinct().Where(c => c != Unmeasured)
                from presses in Checkpoints
                let pairs = Pairs(results, model, condition, form, presses).ToArray()
                where pairs.Length >= 2
                select Ratio(pairs),
            ];
            if (cells.Length == 0)
                continue;
            double mean = cells.Average(c => c.Ratio),
                // The checkpoints of a condition share their people: the error of their mean is that of one cell at most.
                error = Math.Sqrt(cells.Average(c => c.Error * c.Error) / (cells.Length / (double)Checkpoints.Length));
            var measured = new Measurement($"{model}, {form}: mean of {cells.Length} cells, ÷ whole", mean, AtLeast: 1, StandardError: error);
            report.Add(measured);
            string lowest = cells.Min(c => c.Ratio + (1.96 * c.Error)).ToString("0.00", CultureInfo.InvariantCulture);
            Console.WriteLine($"  {measured.Name}: {Interval(mean, error)}, lowest upper end of a cell {lowest}");
        }
    }

    /// <summary>A mean, and half of its 95 % interval.</summary>
    private static string Interval(double mean, double error) => string.Create(CultureInfo.InvariantCulture, $"{mean:0.00} ± {1.96 * error:0.00}");

    private static IEnumerable<Pair> Pairs(SteeredFile results, string model, string condition, string form, int presses)
    {
        ILookup<(string Form, int Person), ServedAnswers> at = results
            .Records.Where(r => r.Model == model && r.Condition == condition)
            .SelectMany(r => r.After.Where(a => a.Presses == presses).Select(a => (r.Form, r.Person, After: a)))
            .ToLookup(r => (r.Form, r.Person), r => r.After);
        return at.Where(r => r.Key.Form == form && at.Contains((Whole, r.Key.Person)))
            .Select(r => new Pair(r.First(), at[(Whole, r.Key.Person)].First()));
    }

    /// <summary>The ratio of two means over the same people, and its standard error (delta method).</summary>
    private static (double Ratio, double Error) Ratio(Pair[] pairs)
    {
        double whole = pairs.Average(p => p.Other.Utility),
            ratio = pairs.Average(p => p.Own.Utility) / whole;
        double[] rest = [.. pairs.Select(p => p.Own.Utility - (ratio * p.Other.Utility))];
        return (ratio, rest.StandardError() / Math.Abs(whole));
    }

    /// <summary>One person with a form, and the same person with whole answers.</summary>
    private readonly record struct Pair(ServedAnswers Own, ServedAnswers Other);

    /// <summary>What people care for.</summary>
    private sealed record Condition(string Name, PropertyTable Properties, PropertyTable? Relevance)
    {
        internal MixedTaste Person(Candidates candidates, int number) => MixedTaste.Draw(candidates, Properties, Relevance, number);
    }
}

/// <summary>How much of <see cref="SteeredBenchmark"/> is run. What the file of results holds already is not measured again.</summary>
/// <param name="People">People in each condition.</param>
/// <param name="Presses">Up to which checkpoint.</param>
/// <param name="HeldOut">Held-out requests at each checkpoint.</param>
/// <param name="Workers">People at a time.</param>
/// <param name="Forms">Which forms; empty for all.</param>
/// <param name="Conditions">Which conditions; empty for all.</param>
internal sealed record SteeredPlan(int People, int Presses, int HeldOut, int Workers, string[] Forms, string[] Conditions);
