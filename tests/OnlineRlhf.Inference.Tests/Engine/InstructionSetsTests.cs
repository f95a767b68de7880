using System.Runtime.InteropServices;
using OnlineRlhf.Inference.Devices;

namespace OnlineRlhf.Inference.Tests.Engine;

public sealed class InstructionSetsTests
{
    [Fact]
    public void The_processor_says_what_the_kernel_says()
    {
        Assert.SkipUnless(RuntimeInformation.ProcessArchitecture == Architecture.X64, "The names are those of x64.");
        string[] flags = File.ReadLines("/proc/cpuinfo").First(line => line.StartsWith("flags", StringComparison.Ordinal)).Split(' ', ':', '\t');
        string[] known = ["sse4_2", "fma", "avx", "f16c", "avx2", "bmi2", "avx512f", "avx512dq", "avx512cd", "avx512bw", "avx512vl"];
        Assert.Equal(known.Intersect(flags).Order(), InstructionSets.OfProcessor.Order());
    }
}
