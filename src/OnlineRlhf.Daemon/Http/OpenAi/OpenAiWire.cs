using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OnlineRlhf.Daemon.Http.OpenAi;

// The bodies of OpenAI's API, as far as the daemon uses them. Unknown fields are ignored, because clients send many.

// Content is a text, a list of parts, or null.
internal sealed record ChatMessageBody(string? Role, JsonElement Content);

// Stop is a text, a list of texts, or null. MaxTokens is the older name of MaxCompletionTokens.
internal sealed record ChatCompletionRequestBody(
    IReadOnlyList<ChatMessageBody?>? Messages,
    string? Model,
    JsonElement Stop,
    int? MaxTokens,
    int? MaxCompletionTokens,
    int? N,
    double? Temperature,
    double? TopP,
    double? PresencePenalty,
    double? FrequencyPenalty,
    long? Seed,
    bool? Stream,
    StreamOptionsBody? StreamOptions,
    TypedBody? ResponseFormat,
    bool? Logprobs,
    IReadOnlyList<string>? Modalities
);

internal sealed record StreamOptionsBody(bool? IncludeUsage);

internal sealed record TypedBody(string? Type);

internal sealed record ChatCompletionBody(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<ChoiceBody> Choices,
    UsageBody Usage,
    [property: JsonPropertyName("onlinerlhf")] ExtensionBody Extension
);

// The fields that are always null are there because OpenAI's own responses have them.

internal sealed record ChoiceBody(int Index, ReplyBody Message, string FinishReason, string? Logprobs = null);

internal sealed record ReplyBody(string Role, string Content, string? Refusal = null);

internal sealed record ChatCompletionChunkBody(
    string Id,
    string Object,
    long Created,
    string Model,
    IReadOnlyList<ChunkChoiceBody> Choices,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] UsageBody? Usage = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyName("onlinerlhf")] ExtensionBody? Extension = null
);

internal sealed record ChunkChoiceBody(int Index, DeltaBody Delta, string? FinishReason, string? Logprobs = null);

internal sealed record DeltaBody(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Role = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Content = null
);

internal sealed record UsageBody(int PromptTokens, int CompletionTokens, int TotalTokens);

/// <param name="Round">The round that takes feedback; null if the request opened none.</param>
/// <param name="Asked">Whether both of its answers were shown.</param>
/// <param name="Profile">The profile whose taste chose the answer.</param>
internal sealed record ExtensionBody(Guid? Round, bool Asked, string Profile);

internal sealed record ModelListBody(string Object, IReadOnlyList<ModelBody> Data);

internal sealed record ModelBody(string Id, string Object, long Created, string OwnedBy);

internal sealed record ErrorResponseBody(ErrorBody Error);

internal sealed record ErrorBody(string Message, string Type, string? Param, string? Code);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ChatCompletionRequestBody))]
[JsonSerializable(typeof(ChatCompletionBody))]
[JsonSerializable(typeof(ChatCompletionChunkBody))]
[JsonSerializable(typeof(ModelListBody))]
[JsonSerializable(typeof(ErrorResponseBody))]
internal sealed partial class OpenAiJson : JsonSerializerContext
{
    /// <summary>Does not escape quotes, plus signs and non-ASCII letters.</summary>
    internal static OpenAiJson Readable =>
        field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
