using System.Text.Json;
using System.Text.Json.Serialization;
using OnlineRlhf.Benchmarks.Measuring;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>What one simulated person was served with one form of sampling; one line of the file of results.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Condition">What the people care for.</param>
/// <param name="Form">The form of sampling.</param>
/// <param name="Person">The number of the person: the same number is the same taste in every form.</param>
/// <param name="After">What was measured, by checkpoint.</param>
/// <param name="AskedTokens">Tokens that the model wrote for a round that asked, on average.</param>
internal sealed record SteeredRecord(string Model, string Condition, string Form, int Person, IReadOnlyList<ServedAnswers> After, double AskedTokens);

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

    internal SteeredFile(string path)
    {
        _path = path;
        if (!File.Exists(path))
            return;
        LineFile.DropCutLine(path);
        _records.AddRange(LineFile.Read(path).Select(line => JsonSerializer.Deserialize(line, SteeredJson.Default.SteeredRecord)!));
    }

    internal IReadOnlyList<SteeredRecord> Records
    {
        get
        {
            lock (_gate)
                return [.. _records];
        }
    }

    internal bool Holds(string model, string condition, string form, int person, int checkpoints)
    {
        lock (_gate)
            return _records.Exists(r =>
                r.Model == model && r.Condition == condition && r.Form == form && r.Person == person && r.After.Count >= checkpoints
            );
    }

    internal void Append(SteeredRecord record)
    {
        lock (_gate)
        {
            File.AppendAllText(_path, JsonSerializer.Serialize(record, SteeredJson.Default.SteeredRecord) + "\n");
            _records.Add(record);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SteeredRecord))]
internal sealed partial class SteeredJson : JsonSerializerContext;
