namespace OnlineRlhf.Inference;

/// <summary>Counts the physical cores this process may use: two hardware threads of one core share its arithmetic units.</summary>
internal static class PhysicalCores
{
    internal static int Count()
    {
        HashSet<string> cores = [];
        try
        {
            foreach (string cpu in Directory.EnumerateDirectories("/sys/devices/system/cpu", "cpu*"))
            {
                string topology = Path.Combine(cpu, "topology");
                if (Directory.Exists(topology))
                    cores.Add(File.ReadAllText(Path.Combine(topology, "physical_package_id")).Trim() + ":" + File.ReadAllText(Path.Combine(topology, "core_id")).Trim());
            }
        }
        catch (IOException)
        {
            cores.Clear();
        }
        // Environment.ProcessorCount knows affinity and cgroup limits, /sys does not.
        return cores.Count == 0 ? Environment.ProcessorCount : Math.Min(cores.Count, Environment.ProcessorCount);
    }
}
