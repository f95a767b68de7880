using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OnlineRlhf.Benchmarks.Daemon;
using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Reporting;
using OnlineRlhf.Benchmarks.Tastes;

namespace OnlineRlhf.Benchmarks.Talk;

/// <summary>
/// Simulated people who only chat with the published daemon, beside the same people with a press at every turn, and beside what is served before
/// anything was learned.
/// </summary>
internal static class TalkBenchmark
{
    private const string Word = "word";
    private const int Splits = 8,
        WordPresses = 2;

    // What a person who cares for one property alone would say.
    private static readonly (string Word, string Property, int Sign)[] Spoken =
    [
        ("shorter", "length", -1),
        ("longer", "length", 1),
        ("as a list", "list", 1),
        ("simpler", "long words", -1),
        ("friendlier", "warm words", 1),
        ("less formal", "formal words", -1),
    ];

    private const double Enough50 = 0.65,
        Enough100 = 0.75,
        EnoughLazy = 0.4;
    private static readonly int[] Checkpoints = [0, 25, 50, 100];

    /// <param name="report">Takes the measurements.</param>
    /// <param name="program">The published daemon.</param>
    /// <param name="model">The model file; null for the demo model.</param>
    /// <param name="directory">The folder that keeps candidates, results and state.</param>
    /// <param name="requests">How many of the everyday requests.</param>
    /// <param name="plan">What is measured; its forms are the people.</param>
    internal static void Run(Report report, string program, string? model, string directory, int requests, SteeredPlan plan)
    {
        report.Begin("talk", "utility of the served answer on held-out requests, for people who only chat");
        var candidates = new Candidates(CandidateSampling.Load(null, directory, model, threads: 1, requests));
        PropertyTable style = PropertyTable.OfStatistics(candidates);
        PropertyTable? relevance = PropertyTable.OfOverlap(candidates);
        List<(string Name, PropertyTable? Relevance)> conditions = [("style only", null)];
        if (relevance is not null)
            conditions.Add(("half relevance", relevance));
        conditions.RemoveAll(c => plan.Conditions.Length > 0 && !plan.Conditions.Contains(c.Name));
        Talker[] talkers = [.. Talker.All.Where(t => plan.Forms.Length == 0 || plan.Forms.Contains(t.Name))];
        Split[] splits = [.. Enumerable.Range(0, Splits).Select(seed => Split.Draw(candidates.Requests, seed))];
        int[] checkpoints = [.. Checkpoints.Where(c => c <= plan.Presses)];
        string name = model is null ? "demo" : "SmolLM2";
        var results = new TalkFile(Path.Combine(directory, $"talk-{name}.jsonl"));
        var missing = new ConcurrentQueue<(string Condition, PropertyTable? Relevance, Talker Talker, int Person)>(
            from person in Enumerable.Range(0, plan.People)
            from condition in conditions
            from talker in talkers
            where !results.Holds(name, condition.Name, talker.Name, person, checkpoints.Length)
            select (condition.Name, condition.Relevance, talker, person)
        );
        Thread[] workers = [.. Enumerable.Range(0, Math.Min(plan.Workers, missing.Count)).Select(_ => new Thread(Work))];
        foreach (Thread worker in workers)
            worker.Start();
        foreach (Thread worker in workers)
            worker.Join();
        foreach ((string condition, _) in conditions)
            Tabulate(report, results, name, condition, talkers);
        if (plan.Forms.Length == 0 || plan.Forms.Contains(Word))
            Wishes(report, name);
        report.Note("0 is a plain answer, 1 a standard deviation among the plain answers to a request. ± is half of a 95 % interval over people.");
        report.Note("A person is displeased if an answer, with a mood of ± 0.5, is worse than the median of all that were seen.");
        report.PrintNotes();

        void Wishes(Report report, string model)
        {
            using var folder = WorkFolder.Create(directory);
            using DaemonProcess daemon = Start(folder);
            var trial = new TalkTrial(daemon, candidates);
            List<double> word = [],
                press = [];
            foreach ((string spoken, string property, int sign) in Spoken.Where(s => style.Names.Contains(s.Property)))
            {
                MixedTaste taste = MixedTaste.Of(candidates, style, property, sign);
                List<double> moved = [],
                    pressed = [];
                for (int person = 0; person < plan.People; person++)
                {
                    (double before, double after, double other) = trial.Wish(spoken, taste, splits[person % Splits], WordPresses, person);
                    moved.Add(after - before);
                    pressed.Add(other - before);
                }
                string said = Interval(moved.Average(), moved.StandardError()),
                    twice = Interval(pressed.Average(), pressed.StandardError());
                Console.WriteLine($"    {spoken, -18}{said, 15}{twice, 15}");
                word.AddRange(moved);
                press.AddRange(pressed);
            }
            double[] more = [.. word.Zip(press, (a, b) => a - b)];
            report.Add(new Measurement($"{model}: moved by one word", word.Average(), StandardError: word.StandardError()));
            report.Add(new Measurement($"{model}: moved by {WordPresses} presses", press.Average(), StandardError: press.StandardError()));
            report.Add(
                new Measurement($"{model}: one word − {WordPresses} presses", more.Average(), AtLeast: 0, StandardError: more.StandardError())
            );
            Console.WriteLine($"    one word − {WordPresses} presses: {Interval(more.Average(), more.StandardError())}");
        }

        DaemonProcess Start(WorkFolder folder)
        {
            string[] settings =
            [
                "--threads",
                "1",
                "--context",
                "512",
                "--max-tokens",
                $"{CandidateSampling.MaxTokens}",
                "--temperature",
                CandidateSampling.Temperature.ToString(CultureInfo.InvariantCulture),
                "--time-target",
                "0",
                "--first-word-target",
                "0",
                "--profiles",
                "100000",
            ];
            DaemonProcess daemon = DaemonProcess.Start(program, folder.FullPath, model, settings);
            _ = daemon.WaitUntilReady();
            return daemon;
        }

        void Work()
        {
            using var folder = WorkFolder.Create(directory);
            using DaemonProcess daemon = Start(folder);
            var trial = new TalkTrial(daemon, candidates);
            while (missing.TryDequeue(out (string Condition, PropertyTable? Relevance, Talker Talker, int Person) job))
            {
                MixedTaste taste = MixedTaste.Draw(candidates, style, job.Relevance, job.Person);
                (double[] utility, int comparisons) = trial.Run(job.Talker, taste, splits[job.Person % Splits], checkpoints, job.Person);
                results.Append(new TalkRecord(name, job.Condition, job.Talker.Name, job.Person, checkpoints, utility, comparisons));
                Console.WriteLine($"  person {job.Person}, {job.Condition}, {job.Talker.Name}: {missing.Count} left");
            }
        }
    }

    private static void Tabulate(Report report, TalkFile results, string model, string condition, Talker[] talkers)
    {
        Console.WriteLine($"  {model}, {condition}");
        Console.WriteLine($"    {"", -18}{"turns", 6}{"people", 8}{"utility", 15}{"÷ presses", 15}{"acts", 7}");
        foreach (Talker talker in talkers)
        {
            foreach (int turns in Checkpoints)
            {
                TalkRecord[] own = results.Of(model, condition, talker.Name, turns),
                    presses = results.Of(model, condition, Talker.All[0].Name, turns);
                (double Own, double Press)[] pairs = [.. own.Join(presses, r => r.Person, r => r.Person, (a, b) => (a.At(turns), b.At(turns)))];
                if (pairs.Length < 2)
                    continue;
                double[] values = [.. pairs.Select(p => p.Own)];
                double press = pairs.Average(p => p.Press),
                    ratio = values.Average() / press,
                    error = pairs.Select(p => p.Own - (ratio * p.Press)).ToArray().StandardError() / Math.Abs(press);
                string cell = $"{model}, {condition}, {talker.Name}, after {turns}";
                report.Add(new Measurement(cell, values.Average(), StandardError: values.StandardError()));
                if (turns > 0)
                    report.Add(new Measurement(cell + ", ÷ presses", ratio, StandardError: error, AtLeast: Bar(talker, turns)));
                Console.WriteLine(
                    $"    {talker.Name, -18}{turns, 6}{pairs.Length, 8}{Interval(values.Average(), values.StandardError()), 15}"
                        + $"{(turns == 0 ? "" : Interval(ratio, error)), 15}{own.Average(r => r.Comparisons), 7:0}"
                );
            }
        }
    }

    private static double? Bar(Talker talker, int turns) =>
        (talker.Name, turns) switch
        {
            ("regenerates", 50) => Enough50,
            ("regenerates", 100) => Enough100,
            ("lazy", 50) => EnoughLazy,
            _ => null,
        };

    private static string Interval(double mean, double error) => string.Create(CultureInfo.InvariantCulture, $"{mean:0.00} ± {1.96 * error:0.00}");
}

/// <summary>What one simulated person was served; one line of the file of results.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Condition">What the people care for.</param>
/// <param name="Talker">How the person teaches.</param>
/// <param name="Person">The number of the person: the same number is the same taste.</param>
/// <param name="Turns">The checkpoints.</param>
/// <param name="Utility">The mean utility at each of them, in standard deviations of plain answers.</param>
/// <param name="Comparisons">How many comparisons the person made.</param>
internal sealed record TalkRecord(string Model, string Condition, string Talker, int Person, int[] Turns, double[] Utility, int Comparisons)
{
    internal double At(int turns) => Utility[Array.IndexOf(Turns, turns)];
}

/// <summary>Results on the disk, a line for each person. An interrupted run goes on where it stopped.</summary>
internal sealed class TalkFile
{
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly List<TalkRecord> _records = [];

    internal TalkFile(string path)
    {
        _path = path;
        if (!File.Exists(path))
            return;
        LineFile.DropCutLine(path);
        _records.AddRange(LineFile.Read(path).Select(line => JsonSerializer.Deserialize(line, TalkJson.Default.TalkRecord)!));
    }

    internal bool Holds(string model, string condition, string talker, int person, int checkpoints)
    {
        lock (_gate)
            return _records.Exists(r => Is(r, model, condition, talker) && r.Person == person && r.Turns.Length >= checkpoints);
    }

    internal void Append(TalkRecord record)
    {
        lock (_gate)
        {
            File.AppendAllText(_path, JsonSerializer.Serialize(record, TalkJson.Default.TalkRecord) + "\n");
            _records.Add(record);
        }
    }

    /// <summary>The people that were measured at a checkpoint, each once.</summary>
    internal TalkRecord[] Of(string model, string condition, string talker, int turns)
    {
        lock (_gate)
            return [.. _records.Where(r => Is(r, model, condition, talker) && r.Turns.Contains(turns)).DistinctBy(r => r.Person)];
    }

    private static bool Is(TalkRecord record, string model, string condition, string talker) =>
        record.Model == model && record.Condition == condition && record.Talker == talker;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(TalkRecord))]
internal sealed partial class TalkJson : JsonSerializerContext;
