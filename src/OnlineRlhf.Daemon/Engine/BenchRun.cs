using System.Text.Json.Serialization;

namespace OnlineRlhf.Daemon.Engine;

/// <summary>One measurement of the model.</summary>
internal sealed record BenchRun(string Device, string CpuVariant, int Threads, double TokensPerSecond, double PromptTokensPerSecond)
{
    // What a difference must be to count: two runs of the same differ by some percent, on a busy machine by more.
    private const double Notable = 1.1;

    /// <summary>Whether a speed is higher than another by more than chance.</summary>
    internal static bool IsNotable(double slower, double faster) => faster > Notable * slower;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(BenchRun))]
[JsonSerializable(typeof(List<BenchRun>))]
internal sealed partial class BenchJson : JsonSerializerContext;
