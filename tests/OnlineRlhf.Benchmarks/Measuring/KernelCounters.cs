using System.Globalization;

namespace OnlineRlhf.Benchmarks.Measuring;

/// <summary>What the kernel has counted for a process.</summary>
internal static class KernelCounters
{
    /// <summary>Bytes that the process has caused to be written to storage: whole pages, each time one becomes dirty.</summary>
    internal static long BytesWritten(int? process = null) => Field($"/proc/{Name(process)}/io", "write_bytes:");

    /// <summary>Resident bytes that no other process shares.</summary>
    internal static long PrivateBytes(int? process = null)
    {
        string path = $"/proc/{Name(process)}/smaps_rollup";
        return 1024 * (Field(path, "Private_Clean:") + Field(path, "Private_Dirty:"));
    }

    /// <summary>Of these, the anonymous and the written ones: what is neither program text nor an untouched mapped file.</summary>
    internal static long PrivateDirtyBytes(int? process = null) => 1024 * Field($"/proc/{Name(process)}/smaps_rollup", "Private_Dirty:");

    private static string Name(int? process) => process?.ToString(CultureInfo.InvariantCulture) ?? "self";

    private static long Field(string path, string name)
    {
        foreach (string line in File.ReadLines(path))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
                return long.Parse(line[name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture);
        }
        throw new InvalidDataException($"{path} has no field {name}");
    }
}
