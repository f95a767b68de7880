using System.Text.Json.Serialization;

namespace OnlineRlhf.Daemon.Cli.Learn;

/// <summary>How far a data set has been learned.</summary>
/// <param name="Lines">How many lines are done.</param>
/// <param name="Last">The last of these lines whose comparison was recorded; 0 if there is none.</param>
/// <param name="Comparisons">How many comparisons the profile held after that line.</param>
/// <param name="Run">How often the file had been learned completely before this run.</param>
/// <param name="Whole">Whether the file has been learned completely in this run.</param>
/// <param name="State">The id of the state that learned the file; null if it is not known yet.</param>
internal sealed record Progress(
    long Lines = 0,
    long Last = 0,
    long Comparisons = 0,
    int Run = 0,
    bool Whole = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? State = null
);

/// <summary>The report of a run, for programs.</summary>
/// <param name="Profile">The profile that learned the file.</param>
/// <param name="Lines">How many lines the file has.</param>
/// <param name="After">The line after which the run began.</param>
/// <param name="Learned">How many comparisons were recorded in this run.</param>
/// <param name="Confirmed">How many comparisons the profile already knew.</param>
/// <param name="Skipped">How many lines were skipped.</param>
/// <param name="Comparisons">How many comparisons the profile holds.</param>
/// <param name="Seconds">How long the run took.</param>
/// <param name="SkippedBecause">How many lines were skipped, by reason.</param>
internal sealed record LearnReport(
    string Profile,
    long Lines,
    long After,
    long Learned,
    long Confirmed,
    long Skipped,
    long Comparisons,
    double Seconds,
    SortedDictionary<string, long> SkippedBecause
);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Progress))]
[JsonSerializable(typeof(LearnReport))]
internal sealed partial class LearnJson : JsonSerializerContext;
