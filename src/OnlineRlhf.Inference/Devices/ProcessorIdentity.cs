using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Devices;

/// <summary>Tells machines apart by what decides which build of llama.cpp is the fastest.</summary>
/// <remarks>
/// /proc/cpuinfo says the same, but systemd hides it from the service, and the administrator's commands have to agree with the service. So the
/// processor itself is asked on x64, and /sys on ARM.
/// </remarks>
public static class ProcessorIdentity
{
    private const string Kernel = "/sys/devices/system/cpu";
    private const uint BrandFirst = 0x80000002,
        BrandLast = 0x80000004;

    /// <summary>
    /// 32 hexadecimal digits (XxHash128) of: the processor's model and features, how many processors this process may use, how many of them are
    /// performance cores, and llama.cpp's version and builds.
    /// </summary>
    public static string Of(LlamaNatives natives)
    {
        ArgumentNullException.ThrowIfNull(natives);
        return Of(
            RuntimeInformation.ProcessArchitecture == Architecture.X64 ? FromProcessor() : FromKernel(Kernel),
            Environment.ProcessorCount,
            ProcessorCores.Count(),
            natives.Version,
            natives.Builds
        );
    }

    internal static string Of(string processor, int usable, int cores, string version, IReadOnlyList<string> builds)
    {
        string all = FormattableString.Invariant($"{processor}|{usable}|{cores}|{version}|{string.Join(',', builds)}");
        return Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(all)));
    }

    /// <summary>CPUID: family, model, stepping and features (leaf 1 without EBX, which says which core asks; leaf 7), and the name.</summary>
    internal static string FromProcessor()
    {
        if (!X86Base.IsSupported)
            return "";
        StringBuilder text = new();
        (int eax, int ebx, int ecx, int edx) = X86Base.CpuId(1, 0);
        text.Append(Hex(eax, ecx, edx));
        (_, ebx, ecx, edx) = X86Base.CpuId(7, 0);
        text.Append(Hex(ebx, ecx, edx));
        if ((uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax >= BrandLast)
        {
            for (uint leaf = BrandFirst; leaf <= BrandLast; leaf++)
            {
                (eax, ebx, ecx, edx) = X86Base.CpuId(unchecked((int)leaf), 0);
                text.Append(Hex(eax, ebx, ecx, edx));
            }
        }
        return text.ToString();
    }

    /// <summary>The models of all cores of a machine whose /sys/devices/system/cpu is given; empty where it says nothing.</summary>
    internal static string FromKernel(string folder)
    {
        try
        {
            return string.Join(
                ',',
                Directory
                    .EnumerateDirectories(folder, "cpu*")
                    .Select(cpu => Path.Combine(cpu, "regs/identification/midr_el1"))
                    .Where(File.Exists)
                    .Select(file => File.ReadAllText(file).Trim())
                    .Order(StringComparer.Ordinal)
            );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string Hex(params ReadOnlySpan<int> registers) => Convert.ToHexStringLower(MemoryMarshal.AsBytes(registers));
}
