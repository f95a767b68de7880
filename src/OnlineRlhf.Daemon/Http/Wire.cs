using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Http;

// The bodies of requests and responses, as JSON in snake_case.

internal sealed record MessageBody(string Role, string Content);

internal sealed record RoundRequestBody(
    IReadOnlyList<MessageBody>? Messages,
    string? Profile,
    string? Ask,
    int? Candidates,
    int? MaxTokens,
    float? Temperature,
    uint? Seed,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Stream = null
);

internal sealed record AnswerBody(string? Text, int Tokens);

internal sealed record RoundBody(
    Guid Id,
    string Profile,
    bool Asked,
    AnswerBody First,
    AnswerBody? Second,
    int Candidates,
    double Uncertainty,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt
)
{
    internal static RoundBody Of(Round round, bool withText = true)
    {
        return new RoundBody(
            round.Id,
            round.Profile,
            round.Asked,
            Answer(round.First),
            round.Second is { } second ? Answer(second) : null,
            round.CandidateCount,
            round.Uncertainty,
            round.CreatedAt,
            round.ExpiresAt
        );

        AnswerBody Answer(ShownAnswer answer) => new(withText ? answer.Text : null, answer.Tokens);
    }
}

internal sealed record FeedbackBody(string? Preferred);

/// <param name="Id">The id of the round or of the comparison.</param>
/// <param name="Profile">The profile that it belongs to.</param>
/// <param name="Recorded">Whether the comparison is on the disk; false for a skip.</param>
/// <param name="Comparisons">How many comparisons the profile holds, including this one.</param>
internal sealed record FeedbackResultBody(Guid Id, string Profile, bool Recorded, long Comparisons)
{
    /// <summary>The name of <see cref="Recorded"/> in version 0.1.0. Clients of that version read it, so it stays for one more version.</summary>
    public bool Learned => Recorded;

    internal static FeedbackResultBody Of(FeedbackResult result) => new(result.Id, result.Profile, result.Recorded, result.Comparisons);
}

internal sealed record ComparisonBody(
    IReadOnlyList<MessageBody>? Messages,
    string? Chosen,
    string? Rejected,
    string? Profile,
    string? Id,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Tie = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? AtLeast = null
);

/// <param name="Runs">How often the data set was learned to its end.</param>
/// <param name="State">The state that learned the data set; null for any state.</param>
/// <param name="AtLeast">How many comparisons that state must hold at least.</param>
internal sealed record LearnedFileUpdateBody(
    int? Runs,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Guid? State = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? AtLeast = null
);

/// <param name="Profile">The profile.</param>
/// <param name="Digest">The digest of the data set.</param>
/// <param name="State">
/// The id of the state. It changes if the state is deleted and begun again; null until a data set is recorded in the state.
/// </param>
/// <param name="Runs">How often the data set was learned to its end.</param>
/// <param name="Comparisons">How many comparisons the profile holds.</param>
/// <param name="LastLine">The last line of the requested run whose comparison the ring still holds; 0 if there is none.</param>
/// <param name="LastComparison">The number of that line's comparison; 0 if there is none.</param>
internal sealed record LearnedFileBody(string Profile, string Digest, Guid? State, int Runs, long Comparisons, long LastLine, long LastComparison);

internal sealed record HealthBody(
    string Status,
    string Version,
    string? Model,
    int? Features,
    int? Threads,
    int? ContextTokens,
    DeviceBody? Device,
    PaceBody? Pace,
    int OpenRounds,
    int Queued,
    long UptimeSeconds,
    string? Board,
    string? ChatTemplateNote = null,
    string? Thinking = null,
    EngineBody? Engine = null
);

internal sealed record DeviceBody(string Name, string? GpuLayers, string Why)
{
    /// <summary>The text that commands print.</summary>
    internal string Describe() => $"{Name}{(GpuLayers is null ? "" : $", {GpuLayers} layers")}: {Why}";
}

internal sealed record EngineTrialBody(string CpuVariant, int Threads, double TokensPerSecond);

/// <param name="Version">llama.cpp's version.</param>
/// <param name="CpuVariant">The build of its CPU backend.</param>
/// <param name="Tried">
/// The builds and threads that were measured at the model's first start, the chosen one first; empty if nothing was measured.
/// </param>
internal sealed record EngineBody(string Version, string CpuVariant, IReadOnlyList<EngineTrialBody> Tried)
{
    // From this speed on, a digit after the decimal point means nothing.
    private const double Fast = 100;

    /// <summary>The text that commands print.</summary>
    internal string Describe() => $"llama.cpp {Version}, CPU backend {DescribeChoice()}";

    /// <summary>Describes the build and the measured speeds.</summary>
    internal string DescribeChoice()
    {
        if (Tried is not [var chosen, ..])
            return CpuVariant;
        return string.Join(
            "; ",
            Tried.Skip(1).Select(Other).Prepend($"{CpuVariant}, {Plural.Of(chosen.Threads, "thread")}, {Speed(chosen)} tokens/s")
        );

        string Other(EngineTrialBody trial) =>
            $"{trial.CpuVariant}{(trial.Threads == chosen.Threads ? "" : $" with {Plural.Of(trial.Threads, "thread")}")} {Speed(trial)}";
    }

    /// <summary>Describes the choice; without a choice, the build that is used by default.</summary>
    internal static EngineBody Of(EngineChoice? choice, string version, string usualBuild)
    {
        if (choice is null)
            return new EngineBody(version, usualBuild, []);
        IEnumerable<EngineTrial> all = choice.Others.OrderByDescending(t => t.TokensPerSecond).Prepend(choice.Chosen);
        return new EngineBody(
            version,
            choice.Chosen.CpuVariant,
            [.. all.Select(t => new EngineTrialBody(t.CpuVariant, t.Threads, t.TokensPerSecond))]
        );
    }

    private static string Speed(EngineTrialBody trial) =>
        trial.TokensPerSecond.ToString(trial.TokensPerSecond < Fast ? "N1" : "N0", CultureInfo.InvariantCulture);
}

/// <param name="TokensPerSecond">How many tokens the candidates of a round get together in a second.</param>
/// <param name="PromptTokensPerSecond">How many tokens of a request the model reads in a second.</param>
/// <param name="TimeTarget">The setting time_target.</param>
/// <param name="Candidates">How many answers a round that may ask has.</param>
/// <param name="MaxTokens">The most tokens of an answer.</param>
/// <param name="FirstWord">After how many seconds a round that asks nothing shows its first words; null if answers are chosen whole.</param>
internal sealed record PaceBody(
    double TokensPerSecond,
    double PromptTokensPerSecond,
    int TimeTarget,
    int Candidates,
    int MaxTokens,
    double? FirstWord = null
)
{
    /// <summary>The text that commands print.</summary>
    internal string Describe() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Plural.Of(Candidates, "answer")} of up to {MaxTokens} tokens each, {(TimeTarget > 0 ? $"within {TimeTarget} s" : "in any time")} "
                + $"(measured: {TokensPerSecond} tokens/s)"
        );

    /// <summary>How many answers and tokens fit into the time that a round may take; null if the pace is not known.</summary>
    internal static PaceBody? Of(LoopStatus? status, int target) =>
        status?.Pace is not { } pace
            ? null
            : new PaceBody(
                Math.Round(pace.TokensPerSecond(status.Budget.Candidates), 1),
                Math.Round(1 / pace.PerPromptToken, 1),
                target,
                status.Budget.Candidates,
                status.Budget.MaxTokens,
                status.FirstWord is { } firstWord ? Math.Round(firstWord.TotalSeconds, 2) : null
            );
}

/// <param name="Status">"loading" or "ready".</param>
/// <param name="Round">The newest open round that asks; null if there is none.</param>
/// <param name="Comparisons">How many comparisons the profile of the open round holds; null if no round is open.</param>
/// <param name="Buttons">The answers that the wired buttons give.</param>
/// <param name="Board">Why the board does not work; null if it works, or if there is none.</param>
internal sealed record SnapshotBody(string Status, RoundBody? Round, long? Comparisons, IReadOnlyList<string> Buttons, string? Board);

internal sealed record GeneratingBody(string Profile, int Tokens, int Finished, int Candidates);

/// <param name="Profile">The profile of the request.</param>
/// <param name="First">The beginning of the answer that will be shown first, or of the only one.</param>
/// <param name="Second">The beginning of the answer that will be shown second; null if the round asks nothing.</param>
internal sealed record WritingBody(string Profile, string First, string? Second);

internal sealed record ClosedBody(Guid Id, string Profile, string Reason);

/// <param name="Id">The id of the round or comparison.</param>
/// <param name="Profile">Its profile.</param>
/// <param name="Comparisons">How many comparisons the profile holds.</param>
/// <param name="Kind">Where it comes from; null if that is not known.</param>
internal sealed record RecordedBody(Guid Id, string Profile, long Comparisons, string? Kind = null);

internal sealed record AbandonedBody(string Profile);

internal sealed record ButtonBody(IReadOnlyList<string> Buttons, string Outcome, Guid? Round);

internal sealed record BoardBody(string? Problem);

/// <param name="Count">How many events the follower missed because it read too slowly.</param>
internal sealed record LaggedBody(int Count);

internal sealed record ProblemBody(string Type, string Title, int Status, string Detail, string Reason);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(RoundRequestBody))]
[JsonSerializable(typeof(RoundBody))]
[JsonSerializable(typeof(FeedbackBody))]
[JsonSerializable(typeof(FeedbackResultBody))]
[JsonSerializable(typeof(ComparisonBody))]
[JsonSerializable(typeof(LearnedFileUpdateBody))]
[JsonSerializable(typeof(LearnedFileBody))]
[JsonSerializable(typeof(HealthBody))]
[JsonSerializable(typeof(SnapshotBody))]
[JsonSerializable(typeof(GeneratingBody))]
[JsonSerializable(typeof(WritingBody))]
[JsonSerializable(typeof(ClosedBody))]
[JsonSerializable(typeof(RecordedBody))]
[JsonSerializable(typeof(AbandonedBody))]
[JsonSerializable(typeof(ButtonBody))]
[JsonSerializable(typeof(BoardBody))]
[JsonSerializable(typeof(LaggedBody))]
[JsonSerializable(typeof(ProblemBody))]
internal sealed partial class WireJson : JsonSerializerContext
{
    /// <summary>For reading responses: a response that lacks a field does not come from the daemon.</summary>
    internal static WireJson Complete => field ??= new(new JsonSerializerOptions(Default.Options) { RespectRequiredConstructorParameters = true });

    /// <summary>Does not escape quotes, plus signs and non-ASCII letters, because none of this JSON is embedded in a web page.</summary>
    internal static WireJson Readable =>
        field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
