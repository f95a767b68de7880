using System.Text.Json.Serialization;

namespace OnlineRlhf.Daemon.Engine;

/// <summary>One measurement of the model.</summary>
internal sealed record BenchRun(string Device, string CpuVariant, int Threads, double TokensPerSecond, double PromptTokensPerSecond)
{
    // From which ratio on a difference counts. Two runs of the same build differ by some percent, and by more on a busy machine.
    private const double Notable = 1.1;

    /// <summary>Whether one speed is higher than another by more than chance.</summary>
    internal static bool IsNotable(double slower, double faster) => faster > Notable * slower;
}

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BenchRun))]
[JsonSerializable(typeof(List<BenchRun>))]
internal sealed partial class BenchJson : JsonSerializerContext;
