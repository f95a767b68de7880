using OnlineRlhf.Daemon.Cli;

namespace OnlineRlhf.Daemon.Tests;

/// <summary>The settings that bench offers: only what makes a notable difference.</summary>
public sealed class BenchAdviceTests
{
    [Theory]
    [InlineData(100, 109, 109, "leave the settings alone.")]
    [InlineData(120, 100, 90, "\n  \"threads\": 1")]
    [InlineData(90, 100, 115, "\n  \"cpu_variant\": \"haswell\"")]
    [InlineData(120, 100, 125, "\n  \"threads\": 1")]
    public void Only_what_is_notably_faster_is_offered(double one, double two, double other, string says)
    {
        string advice = BenchVerb.Advice([Run("CPU", "sse42", 1, one), Run("CPU", "sse42", 2, two), Run("CPU", "haswell", 2, other), Run("Vulkan0", "sse42", 2, 5)], 2);

        Assert.EndsWith(says, advice, StringComparison.Ordinal);
    }

    [Fact]
    public void A_GPU_is_offered_by_its_device_alone() =>
        Assert.EndsWith("\n  \"device\": \"vulkan\"", BenchVerb.Advice([Run("CPU", "sse42", 1, 50), Run("CPU", "sse42", 2, 100), Run("Vulkan0", "sse42", 2, 300)], 2), StringComparison.Ordinal);

    private static BenchRun Run(string device, string variant, int threads, double speed) => new(device, variant, threads, speed, 1000);
}
