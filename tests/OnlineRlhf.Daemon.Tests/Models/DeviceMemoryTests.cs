using OnlineRlhf.Daemon.Cli.Models;

namespace OnlineRlhf.Daemon.Tests.Models;

/// <summary>How much memory a device has for the daemon.</summary>
public sealed class DeviceMemoryTests : IDisposable
{
    private const long Mega = 1 << 20;
    private readonly string _root = Directory.CreateTempSubdirectory("rlhf-").FullName;

    [Fact]
    public void Without_a_limit_the_service_may_take_what_its_unit_allows()
    {
        DeviceMemory device = Read("0::/\n");

        Assert.Equal((1000 * Mega, 600 * Mega, null), (device.Total, device.Available, device.Limit));
        Assert.Equal(850 * Mega, device.Usable);
    }

    [Theory]
    [InlineData("max", "max", null)]
    [InlineData("max", "209715200", 200L)]
    [InlineData("104857600", "209715200", 100L)]
    [InlineData("314572800", "209715200", 200L)]
    public void The_least_limit_of_all_groups_above_counts(string outer, string inner, long? limit)
    {
        Write("groups/a/memory.max", outer);
        Write("groups/a/b/memory.max", inner);
        DeviceMemory device = Read("1:name=systemd:/x\n0::/a/b\n");

        Assert.Equal(limit * Mega, device.Limit);
        Assert.Equal((limit ?? 850) * Mega, device.Usable);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private DeviceMemory Read(string group)
    {
        Write("proc/meminfo", $"MemTotal:        {1000 * 1024} kB\nMemFree:  7 kB\nMemAvailable:    {600 * 1024} kB\nHugePages_Total:       0\n");
        Write("proc/self/cgroup", group);
        return DeviceMemory.Read(Path.Combine(_root, "proc"), Path.Combine(_root, "groups"));
    }

    private void Write(string path, string text)
    {
        path = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
