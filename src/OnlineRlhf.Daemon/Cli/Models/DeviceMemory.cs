using System.Globalization;

namespace OnlineRlhf.Daemon.Cli.Models;

/// <summary>The memory of this device, in bytes.</summary>
/// <param name="Total">The memory that the kernel manages.</param>
/// <param name="Available">The memory that programs could take now without swapping.</param>
/// <param name="Limit">The lowest limit of the control groups of this process; null if there is none.</param>
internal sealed record DeviceMemory(long Total, long Available, long? Limit)
{
    // The same share as MemoryHigh in the service's unit. Above it systemd slows the daemon down and then ends it.
    private const double ServiceShare = 0.85;

    /// <summary>The memory that the daemon may use at most.</summary>
    internal long Usable => Math.Min((long)(Total * ServiceShare), Limit ?? long.MaxValue);

    /// <param name="proc">The folder /proc, or a copy of it.</param>
    /// <param name="groups">The folder where control groups are mounted, or a copy of it.</param>
    internal static DeviceMemory Read(string proc = "/proc", string groups = "/sys/fs/cgroup")
    {
        Dictionary<string, long> lines = File.ReadLines(Path.Combine(proc, "meminfo"))
            .Select(l => l.Split([':', ' '], StringSplitOptions.RemoveEmptyEntries))
            .ToDictionary(p => p[0], p => long.Parse(p[1], CultureInfo.InvariantCulture) * 1024);
        return new DeviceMemory(lines["MemTotal"], lines["MemAvailable"], ReadLimit(proc, groups));
    }

    private static long? ReadLimit(string proc, string groups)
    {
        long? least = null;
        string group =
            File.Exists(Path.Combine(proc, "self", "cgroup"))
            && File.ReadLines(Path.Combine(proc, "self", "cgroup")).FirstOrDefault(l => l.StartsWith("0::", StringComparison.Ordinal)) is { } line
                ? line[3..]
                : "/";
        for (string? path = group.TrimEnd('/'); path is not null; path = path.Length > 0 ? path[..path.LastIndexOf('/')] : null)
        {
            string file = groups + path + "/memory.max";
            if (File.Exists(file) && long.TryParse(File.ReadAllText(file), CultureInfo.InvariantCulture, out long limit))
                least = Math.Min(least ?? limit, limit);
        }
        return least;
    }
}
