using OnlineRlhf.Daemon.Cli;
using OnlineRlhf.Daemon.Engine;

namespace OnlineRlhf.Daemon.Tests;

/// <summary>The settings that bench offers: only what makes a notable difference.</summary>
public sealed class BenchAdviceTests
{
    [Theory]
    [InlineData(109, 100, 109, "leave the settings alone.")]
    [InlineData(100, 120, 90, "\n  \"threads\": 1")]
    [InlineData(100, 90, 115, "\n  \"cpu_variant\": \"haswell\"")]
    [InlineData(100, 120, 125, "\n  \"threads\": 1")]
    [InlineData(5, 1, 1, "\n  \"device\": \"vulkan\"")]
    public void Only_what_is_notably_faster_is_offered(double two, double one, double other, string says)
    {
        BenchRun[] runs = [Run("CPU", "sse42", 2, two), Run("CPU", "sse42", 1, one), Run("CPU", "haswell", 2, other), Run("Vulkan0", "sse42", 2, 6)];

        Assert.EndsWith(says, BenchVerb.Advice(runs[0], BenchVerb.Choose(runs)), StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_win_once_more_is_not_offered() =>
        Assert.EndsWith("alone.", BenchVerb.Advice(Run("CPU", "sse42", 2, 100), Run("CPU", "haswell", 2, 105)), StringComparison.Ordinal);

    private static BenchRun Run(string device, string variant, int threads, double speed) => new(device, variant, threads, speed, 1000);
}
