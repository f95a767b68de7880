using System.Text.Json.Serialization;

namespace OnlineRlhf.Storage.Engine;

/// <summary>The content of an engine file.</summary>
/// <param name="ModelFingerprint">The model that was decoded.</param>
/// <param name="Conditions">The machine and the settings that it was decoded with.</param>
/// <param name="Chosen">What was chosen.</param>
/// <param name="Others">What else was tried.</param>
internal sealed record EngineDocument(
    [property: JsonPropertyName("model_fingerprint")] string? ModelFingerprint,
    [property: JsonPropertyName("conditions")] string? Conditions,
    [property: JsonPropertyName("chosen")] EngineTrial? Chosen,
    [property: JsonPropertyName("others")] EngineTrial?[]? Others);
