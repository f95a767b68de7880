using System.Text.Json.Serialization;

namespace OnlineRlhf.Storage;

/// <summary>One build of llama.cpp's CPU backend with a number of threads, and how fast it decoded a model.</summary>
/// <param name="CpuVariant">The build, such as "haswell".</param>
/// <param name="Threads">Threads that decoded.</param>
/// <param name="TokensPerSecond">Tokens a second of all candidates together, behind a prompt.</param>
public sealed record EngineTrial(
    [property: JsonPropertyName("cpu_variant")] string CpuVariant,
    [property: JsonPropertyName("threads")] int Threads,
    [property: JsonPropertyName("tokens_per_second")] double TokensPerSecond
)
{
    internal bool IsUsable => CpuVariant is { Length: > 0 } && Threads > 0 && double.IsFinite(TokensPerSecond) && TokensPerSecond > 0;
}
