using OnlineRlhf.Inference.Devices;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>How many threads decode, from what Linux says of the processor.</summary>
public sealed class ProcessorCoresTests : IDisposable
{
    private readonly string _cpus = Directory.CreateTempSubdirectory("onlinerlhf-cpus-").FullName;

    public void Dispose() => Directory.Delete(_cpus, recursive: true);

    [Fact]
    public void Equal_cores_all_count()
    {
        for (int i = 0; i < 4; i++)
            Add(i, core: i, ("cpufreq/cpuinfo_max_freq", 2_400_000));
        Assert.Equal(4, ProcessorCores.Performance(_cpus));
    }

    [Fact]
    public void Little_cores_of_a_big_little_board_do_not_count()
    {
        // An RK3588: four A55 and four A76, whose core numbers begin anew in each cluster.
        for (int i = 0; i < 8; i++)
            Add(i, core: i % 4, ("topology/cluster_id", i / 4), ("cpu_capacity", i < 4 ? 530 : 1024));
        Assert.Equal(4, ProcessorCores.Performance(_cpus));
    }

    [Fact]
    public void Middle_cores_of_three_kinds_count()
    {
        long[] capacities = [325, 325, 325, 325, 828, 828, 828, 1024];
        for (int i = 0; i < capacities.Length; i++)
            Add(i, core: i, ("cpu_capacity", capacities[i]));
        Assert.Equal(4, ProcessorCores.Performance(_cpus));
    }

    [Fact]
    public void Two_hardware_threads_of_a_core_count_once()
    {
        for (int i = 0; i < 8; i++)
            Add(i, core: i / 2, ("cpufreq/cpuinfo_max_freq", 5_000_000));
        Assert.Equal(4, ProcessorCores.Performance(_cpus));
    }

    [Fact]
    public void A_machine_that_says_nothing_counts_its_processors()
    {
        Directory.CreateDirectory(Path.Combine(_cpus, "cpufreq"));
        Assert.Equal(Environment.ProcessorCount, ProcessorCores.Performance(_cpus));
        Assert.Equal(Environment.ProcessorCount, ProcessorCores.Performance(Path.Combine(_cpus, "none")));
    }

    private void Add(int cpu, int core, params (string Name, long Value)[] files)
    {
        foreach ((string name, long value) in files.Append(("topology/core_id", core)).Append(("topology/physical_package_id", 0)))
        {
            string path = Path.Combine(_cpus, $"cpu{cpu}", name);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, $"{value}\n");
        }
    }
}
