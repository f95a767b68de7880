using System.Runtime.Intrinsics.X86;

namespace OnlineRlhf.Inference.Devices;

/// <summary>The instruction sets of an x64 processor, with the names that the kernel uses.</summary>
/// <remarks>
/// Read from the processor by CPUID. /proc/cpuinfo says the same, but systemd hides it from the service. Under Native AOT, Avx2.IsSupported says what
/// the compiler was told, not what the processor has.
/// </remarks>
internal static class InstructionSets
{
    private const int ExtendedStates = 27;

    private static readonly (string Name, bool IsExtended, int Bit)[] Known =
    [
        ("sse4_2", false, 20),
        ("fma", false, 12),
        ("avx", false, 28),
        ("f16c", false, 29),
        ("avx2", true, 5),
        ("bmi2", true, 8),
        ("avx512f", true, 16),
        ("avx512dq", true, 17),
        ("avx512cd", true, 28),
        ("avx512bw", true, 30),
        ("avx512vl", true, 31),
    ];

    /// <summary>The sets of this processor that matter to the builds of llama.cpp; none on ARM.</summary>
    internal static IReadOnlyList<string> OfProcessor { get; } = X86Base.IsSupported ? Read() : [];

    private static List<string> Read()
    {
        (_, _, int first, _) = X86Base.CpuId(1, 0);
        (_, int extended, _, _) = X86Base.CpuId(7, 0);
        List<string> sets = [];
        foreach ((string name, bool isExtended, int bit) in Known)
        {
            // If the kernel was told not to save wide registers (noxsave), only the first set works, whatever the processor has.
            if (((isExtended ? extended : first) >> bit & 1) == 1 && (name == Known[0].Name || (first >> ExtendedStates & 1) == 1))
                sets.Add(name);
        }
        return sets;
    }
}
