using System.Text.Json.Serialization;
using OnlineRlhf.Simulation;

namespace OnlineRlhf.Daemon.Cli.Demo;

/// <summary>What was measured after some presses, on topics never learned on.</summary>
/// <param name="Presses">Button presses so far.</param>
/// <param name="PreferredKindServed">Share of the requests that were served one of the best candidates.</param>
/// <param name="ServedPercentile">Mean percentile of the served answer among its candidates; 0.5 is chance.</param>
/// <param name="AllKnowingPercentile">The same for a chooser that knows the taste.</param>
/// <param name="ShareOfGain">The share of the all-knowing chooser's gain over chance.</param>
internal sealed record Checkpoint(int Presses, double PreferredKindServed, double ServedPercentile, double AllKnowingPercentile, double ShareOfGain)
{
    internal static Checkpoint Of(int presses, Score score) => new(presses, score.Preferred, score.Served, score.Best, score.ShareOfGain);
}

/// <summary>One demonstration as JSON.</summary>
internal sealed record DemoReport(string Model, string Taste, string Says, int Seed, int TestRequests, IReadOnlyList<Checkpoint> Checkpoints);

/// <summary>One taste's row of the table.</summary>
internal sealed record TasteRow(string Taste, string Says, IReadOnlyList<Checkpoint> Checkpoints);

/// <summary>The table of every named taste as JSON; the last row is the mean over tastes.</summary>
internal sealed record TableReport(string Model, int Seeds, int FirstSeed, int TestRequests, IReadOnlyList<TasteRow> Tastes, TasteRow Mean);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(TableReport))]
internal sealed partial class DemoJson : JsonSerializerContext;
