using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage.Tests;

/// <summary>A power cut keeps what was synced, and of what was not any part: sector by sector, in any order.</summary>
public class PowerCutTests
{
    private const int Sector = 512;

    /// <summary>The offset of a sync that failed: the kernel then takes what was not written for written, and no later sync writes it.</summary>
    private const long Failed = -1;

    private readonly record struct Operation(string File, DiskOperation Kind, long Offset, byte[] Data);

    [Theory]
    [InlineData(8, false)]
    [InlineData(8, true)]
    [InlineData(130, false)]
    [InlineData(130, true)]
    public void After_a_power_cut_at_any_moment_every_acknowledged_step_is_there(int dimension, bool mixed)
    {
        using var folder = new StateFolder(dimension, mixed);
        Take(folder, dimension + 3);
        Dictionary<string, byte[]> start = Files(folder);
        var operations = new List<Operation>();
        var acknowledged = new List<(int Operations, long Steps)> { (0, dimension + 3) };
        while (acknowledged[^1].Steps < 3 * dimension)
        {
            // Opened again and again: the first transaction of an engine is like any other.
            using ProfileStore store = folder.Open(Record(operations));
            for (int i = 0; i < 5; i++)
            {
                folder.Step(store);
                acknowledged.Add((operations.Count, folder.StepsOf(store)));
                _ = store.WriteCheckpointChunk();
            }
        }

        var random = new Random(dimension);
        int extra = 0,
            cuts = KillTests.LongForm ? 5000 : 100;
        for (int i = 0; i < cuts; i++)
        {
            int cut = random.Next(operations.Count + 1);
            foreach ((string path, byte[] content) in start)
                File.WriteAllBytes(path, After(operations, path, content, cut, random));
            long known = acknowledged.Last(a => a.Operations <= cut).Steps;
            using ProfileStore store = folder.Open();
            Assert.True(store.Recovery.IsClean, $"cut {cut}: {string.Join(' ', store.Recovery.Problems)}");
            long steps = folder.StepsOf(store);
            Assert.InRange(steps, known, known + 1);
            extra += (int)(steps - known);
            folder.AssertSound(store);
            folder.Step(store);
        }
        Assert.InRange(extra, 1, cuts - 1);
    }

    [Theory]
    [InlineData(8, false, false)]
    [InlineData(8, true, false)]
    [InlineData(8, true, true)]
    [InlineData(130, false, false)]
    [InlineData(130, true, false)]
    [InlineData(130, false, true)]
    public void After_a_kill_and_a_later_power_cut_every_acknowledged_step_is_there(int dimension, bool syncFails, bool mixed)
    {
        int rounds = KillTests.LongForm ? 400 : 32;
        for (int round = 0; round < rounds; round++)
        {
            var random = new Random((dimension * 1000) + round);
            using var folder = new StateFolder(dimension, mixed);
            long first = dimension + random.Next(4);
            Take(folder, first);
            Dictionary<string, byte[]> start = Files(folder);
            var operations = new List<Operation>();
            // The first process ends before one of its operations: killed, or by a sync that fails.
            // The page cache keeps what it wrote; the disk has what was synced of it.
            long known = StopBefore(folder, operations, syncFails, random.Next(40), first);
            Dictionary<string, byte[]> cache = Files(folder);
            long durable;
            int stopped = operations.Count;
            var acknowledged = new List<(int Operations, long Steps)> { (stopped, known) };
            using (ProfileStore store = folder.Open(Record(operations)))
            {
                durable = folder.StepsOf(store);
                // What an earlier process left in the ring is confirmed to whoever asks again: from here on it is acknowledged.
                acknowledged.Add((operations.Count, durable));
                for (int i = 0; i < 2; i++)
                {
                    folder.Step(store);
                    acknowledged.Add((operations.Count, folder.StepsOf(store)));
                    _ = store.WriteCheckpointChunk();
                }
            }
            Assert.InRange(durable, known, known + 1);
            Assert.Equal(start.Keys.Order(), cache.Keys.Order());
            for (int i = 0; i < 9; i++)
            {
                // Most of what can go wrong does before the second process has written anything of its own.
                int cut = i < 6 ? stopped + 1 + (i / 2) : random.Next(stopped, operations.Count + 1);
                foreach ((string path, byte[] content) in start)
                    File.WriteAllBytes(path, After(operations, path, content, cut, random));
                long least = acknowledged.Last(a => a.Operations <= cut).Steps;
                using ProfileStore store = folder.Open();
                Assert.True(store.Recovery.IsClean, $"round {round}, cut {cut}: {string.Join(' ', store.Recovery.Problems)}");
                Assert.InRange(folder.StepsOf(store), least, acknowledged[^1].Steps);
                folder.AssertSound(store);
            }
        }
    }

    private static void Take(StateFolder folder, long steps)
    {
        using ProfileStore store = folder.Open();
        while (folder.StepsOf(store) < steps)
        {
            folder.Step(store);
            while (store.WriteCheckpointChunk()) { }
        }
    }

    private static Dictionary<string, byte[]> Files(StateFolder folder) =>
        Directory.EnumerateFiles(folder.Profile).ToDictionary(path => path, File.ReadAllBytes);

    private static DiskProbe Record(List<Operation> operations) =>
        (file, kind, offset, data) => operations.Add(new Operation(file, kind, offset, data.ToArray()));

    /// <summary>Takes steps until it must end before one more operation; returns the last one that was acknowledged.</summary>
    private static long StopBefore(StateFolder folder, List<Operation> operations, bool syncFails, int left, long acknowledged)
    {
        DiskProbe record = Record(operations);
        try
        {
            using ProfileStore store = folder.Open(
                (file, kind, offset, data) =>
                {
                    if (left-- <= 0 && (!syncFails || kind == DiskOperation.Sync))
                    {
                        if (syncFails)
                            operations.Add(new Operation(file, DiskOperation.Sync, Failed, []));
                        throw new IOException("ends here", 5);
                    }
                    record(file, kind, offset, data);
                }
            );
            while (true)
            {
                folder.Step(store);
                acknowledged = folder.StepsOf(store);
                _ = store.WriteCheckpointChunk();
            }
        }
        catch (StateException)
        {
            return acknowledged;
        }
    }

    private static byte[] After(List<Operation> operations, string path, byte[] start, int cut, Random random)
    {
        Operation[] own = [.. operations.Take(cut).Where(operation => operation.File == path)];
        // One moment for each operation after which it is certain: the next sync, where that did not fail.
        var certain = new bool[own.Length];
        for (int i = 0, from = 0; i < own.Length; i++)
        {
            if (own[i].Kind != DiskOperation.Sync)
                continue;
            certain.AsSpan(from..i).Fill(own[i].Offset != Failed);
            from = i + 1;
        }
        using var content = new MemoryStream();
        content.Write(start);
        for (int i = 0; i < own.Length; i++)
        {
            Operation operation = own[i];
            if (operation.Kind == DiskOperation.SetLength && (certain[i] || random.Next(2) == 0))
                content.SetLength(operation.Offset);
            for (int at = 0; at < operation.Data.Length; at += Sector)
            {
                if (!certain[i] && random.Next(8) >= (cut % 9))
                    continue;
                content.Position = operation.Offset + at;
                content.Write(operation.Data.AsSpan(at, Math.Min(Sector, operation.Data.Length - at)));
            }
        }
        return content.ToArray();
    }
}
