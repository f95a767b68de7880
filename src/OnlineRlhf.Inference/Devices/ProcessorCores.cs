using System.Globalization;

namespace OnlineRlhf.Inference.Devices;

/// <summary>
/// Counts the cores worth decoding on. These are physical cores, because two hardware threads of one core share its arithmetic units. Of these only
/// the fast ones count: every step waits for the slowest thread, so a little core of a big.LITTLE board would slow all others.
/// </summary>
public static class ProcessorCores
{
    // A middle core of a phone's processor has about 80 % of its prime core's capacity, a little core 30 to 50 %.
    private const double FastShare = 2.0 / 3;
    private const string Kernel = "/sys/devices/system/cpu";

    /// <summary>How many physical performance cores this process may use, at least one.</summary>
    public static int Count() => Math.Clamp(Performance(Kernel), 1, Environment.ProcessorCount);

    /// <summary>The same for a machine with this /sys/devices/system/cpu folder; all processors if the folder does not describe the cores.</summary>
    internal static int Performance(string folder)
    {
        Dictionary<string, long> cores = [];
        try
        {
            foreach (string cpu in Directory.EnumerateDirectories(folder, "cpu*"))
            {
                if (Read(cpu, "topology/core_id") is not { } id)
                    continue;
                string core = $"{Read(cpu, "topology/physical_package_id")}:{Read(cpu, "topology/cluster_id")}:{id}";
                cores[core] = Math.Max(cores.GetValueOrDefault(core), Speed(cpu));
            }
        }
        catch (IOException)
        {
            cores.Clear();
        }
        // Environment.ProcessorCount respects affinity and cgroup limits, and /sys does not.
        return cores.Count == 0 ? Environment.ProcessorCount : cores.Values.Count(speed => speed >= FastShare * cores.Values.Max());
    }

    /// <summary>The kernel's own measure if it has one (ARM), or else the highest frequency; 0 if neither is known.</summary>
    private static long Speed(string cpu) =>
        long.TryParse(
            Read(cpu, "cpu_capacity") ?? Read(cpu, "cpufreq/cpuinfo_max_freq"),
            NumberStyles.None,
            CultureInfo.InvariantCulture,
            out long speed
        )
            ? speed
            : 0;

    private static string? Read(string cpu, string name)
    {
        string path = Path.Combine(cpu, name);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }
}
