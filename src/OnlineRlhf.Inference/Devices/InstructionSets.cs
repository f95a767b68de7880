using System.Runtime.Intrinsics.X86;

namespace OnlineRlhf.Inference.Devices;

/// <summary>The instruction sets of an x64 processor, by the names that the kernel gives them.</summary>
/// <remarks>
/// The processor itself is asked. /proc/cpuinfo says the same, but systemd hides it from the service. Under Native AOT, Avx2.IsSupported is what the compiler
/// was told, not what the processor has.
/// </remarks>
internal static class InstructionSets
{
    private const int ExtendedStates = 27;

    /// <summary>Those that matter to builds of llama.cpp; none on ARM.</summary>
    internal static IReadOnlySet<string> OfProcessor { get; } = X86Base.IsSupported ? Read() : new HashSet<string>();

    private static HashSet<string> Read()
    {
        (_, _, int first, _) = X86Base.CpuId(1, 0);
        (_, int extended, _, _) = X86Base.CpuId(7, 0);
        HashSet<string> sets = [.. Named(first, ("sse4_2", 20))];
        // Without it the kernel keeps no wide registers, whatever the processor has.
        if ((first >> ExtendedStates & 1) == 1)
        {
            sets.UnionWith(Named(first, ("fma", 12), ("avx", 28), ("f16c", 29)));
            sets.UnionWith(Named(extended, ("avx2", 5), ("bmi2", 8), ("avx512f", 16), ("avx512dq", 17), ("avx512cd", 28), ("avx512bw", 30), ("avx512vl", 31)));
        }
        return sets;
    }

    private static IEnumerable<string> Named(int register, params (string Name, int Bit)[] sets) => sets.Where(s => (register >> s.Bit & 1) == 1).Select(s => s.Name);
}
