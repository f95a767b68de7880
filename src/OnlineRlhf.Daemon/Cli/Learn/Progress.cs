using System.Text.Json.Serialization;

namespace OnlineRlhf.Daemon.Cli.Learn;

/// <summary>How far a data set has been learned.</summary>
/// <param name="Lines">Lines that are done.</param>
/// <param name="Last">The last of them that was learned; 0 for none.</param>
/// <param name="Comparisons">How many comparisons the profile had with that one.</param>
/// <param name="Run">How often the file had been learned wholly before.</param>
/// <param name="Whole">Whether it is learned wholly.</param>
/// <param name="State">Which state learned it; null where that is not known yet.</param>
internal sealed record Progress(
    long Lines = 0,
    long Last = 0,
    long Comparisons = 0,
    int Run = 0,
    bool Whole = false,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? State = null
);

/// <summary>What a run has done, for programs.</summary>
/// <param name="Profile">Whose taste it told of.</param>
/// <param name="Lines">Lines of the file.</param>
/// <param name="After">The line after which it began.</param>
/// <param name="Learned">Comparisons learned now.</param>
/// <param name="Confirmed">Comparisons that the profile knew already.</param>
/// <param name="Skipped">Lines that were not learned.</param>
/// <param name="Comparisons">Comparisons that the profile holds.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="SkippedBecause">How many lines were not learned, by reason.</param>
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

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Progress))]
[JsonSerializable(typeof(LearnReport))]
internal sealed partial class LearnJson : JsonSerializerContext;
