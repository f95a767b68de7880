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
    internal const string Whole = "whole";
    private const string Demo = "demo",
        Steered = "steered",
        Relevance = "half relevance",
        Unmeasured = "unmeasured";
    private const int Repeats = 4,
        Splits = 8;
    private const double NotWorse = 0.95,
        MostTokens = 0.55,
        MostOverlapLost = 0.1;
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
            conditions.Insert(1, new(Relevance, style, relevance));
        conditions.RemoveAll(c => plan.Conditions.Length > 0 && !plan.Conditions.Contains(c.Name));
        // Each person has other held-out requests, so that the intervals cover the choice of requests too.
        Split[] splits = [.. Enumerable.Range(0, Splits).Select(seed => Split.Draw(candidates.Requests, seed))];
        var trial = new SteeredTrial(candidates, relevance);
        string name = model is null ? Demo : "SmolLM2";
        var results = new SteeredFile(Path.Combine(directory, $"steered-{name}.jsonl"), name, candidates.Requests);
        (string Name, SteeringOptions Steering)[] forms = plan.Forms.Length == 0 ? Usual : [.. plan.Forms.Select(Form)];
        int[] checkpoints = [.. Checkpoints.Where(c => c <= plan.Presses)];

        Chosen(candidates, trial, splits, conditions, results, plan.People);
        Write(candidates, trial, splits, conditions, forms, results, model, directory, plan, checkpoints);
        foreach (Condition condition in conditions)
        {
            double knowing = Enumerable
                .Range(0, plan.People)
                .Average(p => Trial.Best(candidates, condition.Person(candidates, p), candidates.Hints.Count > 0, splits[p % Splits].HeldOut));
            Tabulate(report, results, name, condition.Name, forms, knowing);
        }
        foreach ((string form, SteeringOptions steering) in forms)
            Compare(report, results, name, form, steering);
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

    /// <summary>The blocks as a text, by which results on the disk are found again.</summary>
    private static string Blocks(SteeringOptions steering) =>
        $"{steering.FirstBlock}+{steering.Branches}/{steering.ServedBlock}, short {steering.ShortBranches}<{steering.ShortAnswer}";

    /// <summary>Whole answers, each person several times: the answers are there already, so that this costs nothing.</summary>
    private static void Chosen(Candidates candidates, SteeredTrial trial, Split[] splits, List<Condition> conditions, SteeredFile results, int people)
    {
        bool hinted = candidates.Hints.Count > 0;
        var kind = new LearnerKind("", Hinted: hinted, Adaptive: hinted, Statistics: true);
        FeatureTable[] features = [.. splits.AsParallel().AsOrdered().Select(s => FeatureTable.Build(candidates, kind, s.Training))];
        foreach (Condition condition in conditions)
        {
            _ = Parallel.For(
                0,
                people,
                person =>
                {
                    if (results.Holds(condition.Name, Whole, Whole, person, Checkpoints.Length))
                        return;
                    Split split = splits[person % Splits];
                    MixedTaste taste = condition.Person(candidates, person);
                    ServedAnswers[][] served =
                    [
                        .. Enumerable
                            .Range(0, Repeats)
                            .Select(r =>
                                Trial
                                    .Run(candidates, features[person % Splits], taste, kind, split, Checkpoints, (1000 * r) + person)
                                    .Select(Mean)
                                    .ToArray()
                            ),
                    ];
                    ServedAnswers[] after =
                    [
                        .. Checkpoints.Select((presses, i) => ServedAnswers.Mean([.. served.Select(s => s[i])]) with { Presses = presses }),
                    ];
                    results.Append(condition.Name, Whole, Whole, person, after, after[0].Tokens);

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
        Split[] splits,
        List<Condition> conditions,
        (string Name, SteeringOptions Steering)[] forms,
        SteeredFile results,
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
            where !results.Holds(condition.Name, form.Name, Blocks(form.Steering), person, checkpoints.Length)
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
                    .RunAsync(own, folder.FullPath, job.Steering, taste, splits[job.Person % Splits], checkpoints, job.Person)
                    .GetAwaiter()
                    .GetResult();
                results.Append(job.Condition.Name, job.Form, Blocks(job.Steering), job.Person, after, asked);
                int count = Interlocked.Increment(ref done);
                TimeSpan left = Stopwatch.GetElapsedTime(start) / count * (missing.Length - count);
                Console.WriteLine($"  {count} of {missing.Length}: person {job.Person}, {job.Condition.Name}, {job.Form}, {left:h\\:mm\\:ss} left");
            }
        }
    }

    private static void Tabulate(
        Report report,
        SteeredFile results,
        string model,
        string condition,
        (string Name, SteeringOptions Steering)[] forms,
        double knowing
    )
    {
        Console.WriteLine($"  {model}, {condition}; somebody who knows the tastes, among eight whole answers: {knowing:0.00}");
        Console.WriteLine(
            $"    {"form", -9}{"presses", 8}{"people", 8}{"utility", 15}{"÷ whole", 15}{"overlap − whole", 17}{"trigrams", 10}{"words", 7}"
                + $"{"tokens", 8}{"asked", 8}"
        );
        foreach ((string form, string steering) in forms.Select(f => (f.Name, Blocks(f.Steering))).Prepend((Whole, Whole)))
        {
            foreach (int presses in Checkpoints)
            {
                PairedPerson[] pairs = results.Pairs(condition, form, steering, presses);
                if (pairs.Length < 2)
                    continue;
                double[] own = [.. pairs.Select(p => p.Own.Utility)];
                (double ratio, double error) = Ratio(pairs);
                (double lost, double lostError) = Difference(pairs, a => a.Overlap);
                string cell = $"{model}, {condition}, {form}, after {presses}";
                report.Add(new Measurement(cell, own.Average(), StandardError: own.StandardError()));
                report.Add(new Measurement(cell + ", ÷ whole", ratio, StandardError: error));
                string utility = Interval(own.Average(), own.StandardError()),
                    against = Interval(ratio, error),
                    overlap = Interval(lost, lostError);
                double trigrams = pairs.Average(p => p.Own.Trigrams),
                    words = pairs.Average(p => p.Own.Words),
                    tokens = pairs.Sum(p => p.Own.Tokens) / pairs.Sum(p => p.Other.Tokens),
                    asked = pairs.Sum(p => p.AskedTokens) / pairs.Sum(p => p.Other.Tokens);
                FormattableString like = $"{trigrams, 10:0.00}{words, 7:0.0}{tokens, 8:0%}{asked, 8:0%}";
                Console.WriteLine(
                    $"    {form, -9}{presses, 8}{pairs.Length, 8}{utility, 15}{against, 15}{overlap, 17}"
                        + like.ToString(CultureInfo.InvariantCulture)
                );
            }
        }
    }

    /// <summary>Holds a form against the bars: utility over all cells, each cell, tokens, overlap, and what no statistic measures.</summary>
    private static void Compare(Report report, SteeredFile results, string model, string form, SteeringOptions steering)
    {
        PairedPerson[][] cells =
        [
            .. from condition in results.Conditions.Where(c => c != Unmeasured)
            from presses in Checkpoints
            let pairs = results.Pairs(condition, form, Blocks(steering), presses)
            where pairs.Length >= 2
            select pairs,
        ];
        if (cells.Length == 0)
            return;
        double mean = Mean(cells),
            error = Jackknife(cells, mean),
            lowest = cells.Select(Ratio).Min(c => c.Ratio + (1.96 * c.Error)),
            tokens = cells.Sum(c => c.Sum(p => p.Own.Tokens)) / cells.Sum(c => c.Sum(p => p.Other.Tokens));
        string name = $"{model}, {form}";
        Hold(new Measurement($"{name}: mean of {cells.Length} cells, ÷ whole", mean, AtLeast: 1, StandardError: error));
        Hold(new Measurement($"{name}: lower end of its 95 % interval", mean - (1.96 * error), AtLeast: NotWorse));
        Hold(new Measurement($"{name}: lowest upper end of a cell's interval", lowest, AtLeast: NotWorse));
        Hold(new Measurement($"{name}: tokens of a served round, ÷ whole", tokens, AtMost: model == Demo ? null : MostTokens));
        foreach (int presses in Checkpoints)
        {
            PairedPerson[] relevant = results.Pairs(Relevance, form, Blocks(steering), presses),
                foreign = results.Pairs(Unmeasured, form, Blocks(steering), presses);
            if (relevant.Length >= 2)
            {
                (double lost, double lostError) = Difference(relevant, a => a.Overlap);
                string cell = $"{name}: overlap − whole, half relevance, after {presses}";
                Hold(new Measurement(cell, lost, AtLeast: -MostOverlapLost, StandardError: lostError));
            }
            if (foreign.Length >= 2)
            {
                (double gained, double gainedError) = Difference(foreign, a => a.Utility);
                string cell = $"{name}: upper end of unmeasured − whole, after {presses}";
                Hold(new Measurement(cell, gained + (1.96 * gainedError), AtLeast: 0));
            }
        }

        void Hold(Measurement measured)
        {
            report.Add(measured);
            string bar = measured.Holds is not { } holds
                ? ""
                : FormattableString.Invariant($" ({(measured.AtLeast is { } least ? $"at least {least}" : $"at most {measured.AtMost}")}: ")
                    + (holds ? "holds)" : "MISSED)");
            FormattableString line = $"    {measured.Name}: {measured.Value:0.00}{bar}";
            Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>The mean over cells, each in units of its whole answers.</summary>
    private static double Mean(PairedPerson[][] cells) => cells.Average(c => Ratio(c).Ratio);

    /// <summary>The standard error of <see cref="Mean"/>: the cells share their people, so each person is left out of all of them in turn.</summary>
    private static double Jackknife(PairedPerson[][] cells, double mean)
    {
        int[] people = [.. cells.SelectMany(c => c.Select(p => p.Person)).Distinct()];
        double squares = people.Sum(person => Math.Pow(Mean([.. cells.Select(c => c.Where(p => p.Person != person).ToArray())]) - mean, 2));
        return Math.Sqrt(squares * (people.Length - 1) / people.Length);
    }

    /// <summary>A mean, and half of its 95 % interval.</summary>
    private static string Interval(double mean, double error) => string.Create(CultureInfo.InvariantCulture, $"{mean:0.00} ± {1.96 * error:0.00}");

    /// <summary>The ratio of two means over the same people, and its standard error (delta method).</summary>
    private static (double Ratio, double Error) Ratio(PairedPerson[] pairs)
    {
        double whole = pairs.Average(p => p.Other.Utility),
            ratio = pairs.Average(p => p.Own.Utility) / whole;
        double[] rest = [.. pairs.Select(p => p.Own.Utility - (ratio * p.Other.Utility))];
        return (ratio, rest.StandardError() / Math.Abs(whole));
    }

    /// <summary>The mean difference over the same people, and its standard error.</summary>
    private static (double Difference, double Error) Difference(PairedPerson[] pairs, Func<ServedAnswers, double> of)
    {
        double[] differences = [.. pairs.Select(p => of(p.Own) - of(p.Other))];
        return (differences.Average(), differences.StandardError());
    }

    /// <summary>What people care for.</summary>
    private sealed record Condition(string Name, PropertyTable Properties, PropertyTable? Relevance)
    {
        internal MixedTaste Person(Candidates candidates, int number) => MixedTaste.Draw(candidates, Properties, Relevance, number);
    }
}

/// <summary>How much of <see cref="SteeredBenchmark"/> is run. What the file of results holds already is not measured again.</summary>
/// <param name="People">People in each condition.</param>
/// <param name="Presses">Up to which checkpoint.</param>
/// <param name="Workers">People at a time.</param>
/// <param name="Forms">Which forms; empty for all.</param>
/// <param name="Conditions">Which conditions; empty for all.</param>
internal sealed record SteeredPlan(int People, int Presses, int Workers, string[] Forms, string[] Conditions);
