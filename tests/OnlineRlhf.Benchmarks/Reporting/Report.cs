using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OnlineRlhf.Benchmarks.Reporting;

/// <summary>What the verbs measured: a readable table for each, and one JSON file for all.</summary>
internal sealed class Report
{
    private readonly List<(string Verb, List<Measurement> Measurements, List<string> Notes)> _verbs = [];

    /// <summary>Begins a verb's part.</summary>
    internal void Begin(string verb, string title)
    {
        _verbs.Add((verb, [], []));
        Console.WriteLine();
        Console.WriteLine($"{verb}: {title} (load {Load()})");
    }

    internal void Add(Measurement measurement) => _verbs[^1].Measurements.Add(measurement);

    /// <summary>Says how something was measured, below the table.</summary>
    internal void Note(string text) => _verbs[^1].Notes.Add(text);

    /// <summary>Prints the table of the verb that was begun last.</summary>
    internal void Print()
    {
        (_, List<Measurement> measurements, List<string> notes) = _verbs[^1];
        if (measurements.Count > 0)
        {
            int name = measurements.Max(m => m.Name.Length),
                amount = measurements.Max(m => m.Amount.Length),
                bar = measurements.Max(m => m.Bar.Length);
            foreach (Measurement m in measurements)
                Console.WriteLine($"  {m.Name.PadRight(name)}  {m.Amount.PadLeft(amount)}  {m.Bar.PadRight(bar)}  {m.Verdict}".TrimEnd());
        }
        PrintNotes(notes);
    }

    /// <summary>Prints only the notes, for a verb that has printed a table of its own.</summary>
    internal void PrintNotes() => PrintNotes(_verbs[^1].Notes);

    /// <summary>Adds what was measured to a file; a verb that the file holds already is replaced.</summary>
    internal void Write(string path)
    {
        JsonObject root = File.Exists(path) ? JsonNode.Parse(File.ReadAllText(path))!.AsObject() : [];
        root["machine"] = new JsonObject
        {
            ["processors"] = Environment.ProcessorCount,
            ["architecture"] = System.Runtime.InteropServices.RuntimeInformation.RuntimeIdentifier,
            ["load"] = Load(),
            ["native_aot"] = !System.Runtime.CompilerServices.RuntimeFeature.IsDynamicCodeSupported,
        };
        foreach ((string verb, List<Measurement> measurements, List<string> notes) in _verbs)
        {
            root[verb] = new JsonObject
            {
                ["measurements"] = new JsonArray([.. measurements.Select(ToJson)]),
                ["notes"] = new JsonArray([.. notes.Select(n => (JsonNode)JsonValue.Create(n)!)]),
            };
        }
        _ = Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using FileStream file = File.Create(path);
        using var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        root.WriteTo(writer);
    }

    private static JsonObject ToJson(Measurement m)
    {
        var json = new JsonObject { ["name"] = m.Name, ["value"] = double.IsFinite(m.Value) ? m.Value : null };
        if (m.Unit.Length > 0)
            json["unit"] = m.Unit;
        if (m.StandardError is { } error)
            json["standard_error"] = error;
        if (m.AtMost is { } most)
            json["at_most"] = most;
        if (m.AtLeast is { } least)
            json["at_least"] = least;
        if (m.Holds is { } holds)
            json["ok"] = holds;
        return json;
    }

    private static void PrintNotes(List<string> notes)
    {
        foreach (string note in notes)
            Console.WriteLine("  " + note);
    }

    private static string Load() => File.ReadAllText("/proc/loadavg").Split(' ')[0].ToString(CultureInfo.InvariantCulture);
}
