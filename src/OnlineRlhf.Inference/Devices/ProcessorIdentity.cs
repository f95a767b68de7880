using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Devices;

/// <summary>Identifies a machine by what decides which build of llama.cpp is the fastest.</summary>
/// <remarks>
/// Read from the processor by CPUID on x64, and from /sys on ARM. /proc/cpuinfo says the same, but systemd hides it from the service, and the
/// administrator's commands must get the same identity as the service.
/// </remarks>
public static class ProcessorIdentity
{
    private const string Kernel = "/sys/devices/system/cpu";
    private const uint BrandFirst = 0x80000002,
        BrandLast = 0x80000004;

    /// <summary>
    /// 32 hexadecimal digits (XxHash128). They depend on the processor's model and features, and on llama.cpp's version and builds. They also depend
    /// on how many processors this process may use, and how many of these are performance cores.
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

    /// <summary>
    /// The processor's family, model, stepping, features and name from CPUID. EBX of leaf 1 is left out, because it says which core runs the call.
    /// </summary>
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

    /// <summary>The models of all cores of a machine with this /sys/devices/system/cpu folder; empty if the folder does not name them.</summary>
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
