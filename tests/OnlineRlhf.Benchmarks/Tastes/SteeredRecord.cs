using System.Text.Json;
using System.Text.Json.Serialization;
using OnlineRlhf.Benchmarks.Measuring;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>What one simulated person was served with one form of sampling; one line of the file of results.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Condition">What the people care for.</param>
/// <param name="Requests">How many requests there are; a third is held out.</param>
/// <param name="Form">The form of sampling.</param>
/// <param name="Steering">The form's blocks.</param>
/// <param name="Person">The number of the person: the same number is the same taste in every form.</param>
/// <param name="After">What was measured, by checkpoint.</param>
/// <param name="AskedTokens">Tokens that the model wrote for a round that asked, on average.</param>
internal sealed record SteeredRecord(
    string Model,
    string Condition,
    int Requests,
    string Form,
    string Steering,
    int Person,
    IReadOnlyList<ServedAnswers> After,
    double AskedTokens
);

/// <summary>The means over the answers that were served after a number of presses.</summary>
/// <param name="Presses">How many presses.</param>
/// <param name="Utility">In standard deviations of plain answers.</param>
/// <param name="Overlap">How much of the request's words an answer takes up, in standard deviations of plain answers.</param>
/// <param name="Trigrams">The share of different ones among an answer's trigrams of words.</param>
/// <param name="Words">Words of an answer.</param>
/// <param name="Tokens">Tokens that the model wrote for a round.</param>
internal sealed record ServedAnswers(int Presses, double Utility, double Overlap, double Trigrams, double Words, double Tokens)
{
    /// <summary>The means over answers of one checkpoint.</summary>
    internal static ServedAnswers Mean(IReadOnlyCollection<ServedAnswers> answers) =>
        new(
            answers.First().Presses,
            answers.Average(a => a.Utility),
            answers.Average(a => a.Overlap),
            answers.Average(a => a.Trigrams),
            answers.Average(a => a.Words),
            answers.Average(a => a.Tokens)
        );
}

/// <summary>Results on the disk, a line for each person and form. An interrupted run goes on where it stopped.</summary>
internal sealed class SteeredFile
{
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly List<SteeredRecord> _records = [];

    private readonly string _model;
    private readonly int _requests;

    internal SteeredFile(string path, string model, int requests)
    {
        (_path, _model, _requests) = (path, model, requests);
        if (!File.Exists(path))
            return;
        LineFile.DropCutLine(path);
        _records.AddRange(LineFile.Read(path).Select(line => JsonSerializer.Deserialize(line, SteeredJson.Default.SteeredRecord)!));
    }

    /// <summary>The conditions of which the file holds people.</summary>
    internal string[] Conditions
    {
        get
        {
            lock (_gate)
                return [.. _records.Where(IsOurs).Select(r => r.Condition).Distinct()];
        }
    }

    internal bool Holds(string condition, string form, string steering, int person, int checkpoints)
    {
        lock (_gate)
            return _records.Exists(r => Is(r, condition, form, steering) && r.Person == person && r.After.Count >= checkpoints);
    }

    internal void Append(string condition, string form, string steering, int person, ServedAnswers[] after, double askedTokens)
    {
        var record = new SteeredRecord(_model, condition, _requests, form, steering, person, after, askedTokens);
        lock (_gate)
        {
            File.AppendAllText(_path, JsonSerializer.Serialize(record, SteeredJson.Default.SteeredRecord) + "\n");
            _records.Add(record);
        }
    }

    /// <summary>The people that were measured with a form and with whole answers.</summary>
    internal PairedPerson[] Pairs(string condition, string form, string steering, int presses)
    {
        lock (_gate)
            return
            [
                .. from own in Longest(condition, form, steering)
                join whole in Longest(condition, SteeredBenchmark.Whole, SteeredBenchmark.Whole) on own.Person equals whole.Person
                from a in own.After.Where(a => a.Presses == presses)
                from b in whole.After.Where(b => b.Presses == presses)
                select new PairedPerson(own.Person, a, b, own.AskedTokens),
            ];
    }

    /// <summary>Each person's record with the most checkpoints.</summary>
    private IEnumerable<SteeredRecord> Longest(string condition, string form, string steering) =>
        _records.Where(r => Is(r, condition, form, steering)).GroupBy(r => r.Person, (_, own) => own.MaxBy(r => r.After.Count)!);

    private bool IsOurs(SteeredRecord record) => record.Model == _model && record.Requests == _requests;

    private bool Is(SteeredRecord record, string condition, string form, string steering) =>
        IsOurs(record) && record.Condition == condition && record.Form == form && record.Steering == steering;
}

/// <summary>One person with a form, and the same person with whole answers.</summary>
internal readonly record struct PairedPerson(int Person, ServedAnswers Own, ServedAnswers Other, double AskedTokens);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SteeredRecord))]
internal sealed partial class SteeredJson : JsonSerializerContext;
