using System.Text.Json.Serialization;
using OnlineRlhf.Storage.Layout;

namespace OnlineRlhf.Storage.Engine;

/// <summary>The content of an engine file.</summary>
/// <param name="ModelFingerprint">The model that was decoded.</param>
/// <param name="Conditions">The machine and the settings that it was decoded with.</param>
/// <param name="Chosen">What was chosen.</param>
/// <param name="Others">What else was tried.</param>
/// <param name="Checksum">XxHash3 of the other fields.</param>
internal sealed record EngineDocument(
    [property: JsonPropertyName("model_fingerprint")] string? ModelFingerprint,
    [property: JsonPropertyName("conditions")] string? Conditions,
    [property: JsonPropertyName("chosen")] EngineTrial? Chosen,
    [property: JsonPropertyName("others")] EngineTrial?[]? Others,
    [property: JsonPropertyName("checksum")] long Checksum = 0
)
{
    internal bool Holds => Checksum == Sum();

    internal EngineDocument Sealed() => this with { Checksum = Sum() };

    private long Sum()
    {
        Checksum sum = new Checksum().Add(ModelFingerprint ?? "").Add(Conditions ?? "");
        foreach (EngineTrial? trial in (EngineTrial?[])[Chosen, .. Others ?? []])
            sum.Add(trial?.CpuVariant ?? "").Add((long)(trial?.Threads ?? 0)).Add(trial?.TokensPerSecond ?? 0);
        return sum.Value;
    }
}
