using System.Globalization;

namespace OnlineRlhf.Inference.Devices;

/// <summary>
/// Counts the cores worth decoding on: physical ones, since two hardware threads of one core share its arithmetic units, and of these the fast ones:
/// every step waits for the slowest thread, so that a little core of a big.LITTLE board holds all others up.
/// </summary>
public static class ProcessorCores
{
    // A middle core of a phone's processor has some 80 % of its prime core's capacity, a little one 30 to 50 %.
    private const double FastShare = 2.0 / 3;
    private const string Kernel = "/sys/devices/system/cpu";

    /// <summary>Physical performance cores that this process may use, at least one.</summary>
    public static int Count() => Math.Clamp(Performance(Kernel), 1, Environment.ProcessorCount);

    /// <summary>The same of a machine whose /sys/devices/system/cpu is given; all its processors where it says nothing.</summary>
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
        // Environment.ProcessorCount knows affinity and cgroup limits, /sys does not.
        return cores.Count == 0 ? Environment.ProcessorCount : cores.Values.Count(speed => speed >= FastShare * cores.Values.Max());
    }

    /// <summary>The kernel's own measure where it has one (ARM), else the highest frequency; 0 where neither is known.</summary>
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
