using System.Text.Json.Serialization;
using OnlineRlhf.Simulation;

namespace OnlineRlhf.Daemon.Cli.Demo;

/// <summary>One measurement after a number of presses, on topics that no press was about.</summary>
/// <param name="Presses">The number of presses so far.</param>
/// <param name="PreferredKindServed">The share of requests for which one of the best candidates was served.</param>
/// <param name="ServedPercentile">The mean percentile of the served answer among its candidates; 0.5 is chance.</param>
/// <param name="AllKnowingPercentile">The same percentile for a chooser that knows the taste.</param>
/// <param name="ShareOfGain">How much of the all-knowing chooser's gain over chance was reached.</param>
internal sealed record Checkpoint(int Presses, double PreferredKindServed, double ServedPercentile, double AllKnowingPercentile, double ShareOfGain)
{
    internal static Checkpoint Of(int presses, Score score) => new(presses, score.Preferred, score.Served, score.Best, score.ShareOfGain);
}

/// <summary>The result of one demonstration, as JSON.</summary>
internal sealed record DemoReport(
    string Model,
    string Taste,
    [property: JsonPropertyName("says")] string Description,
    int Seed,
    int TestRequests,
    IReadOnlyList<Checkpoint> Checkpoints
);

/// <summary>One taste's row of the table.</summary>
internal sealed record TasteRow(string Taste, [property: JsonPropertyName("says")] string Description, IReadOnlyList<Checkpoint> Checkpoints);

/// <summary>The table of all named tastes, as JSON. The mean is over the tastes.</summary>
internal sealed record TableReport(string Model, int Seeds, int FirstSeed, int TestRequests, IReadOnlyList<TasteRow> Tastes, TasteRow Mean);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true
)]
[JsonSerializable(typeof(DemoReport))]
[JsonSerializable(typeof(TableReport))]
internal sealed partial class DemoJson : JsonSerializerContext;
