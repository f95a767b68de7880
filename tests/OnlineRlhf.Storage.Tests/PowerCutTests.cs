using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage.Tests;

/// <summary>A power cut keeps what was synced, and of what was not any part: sector by sector, in any order.</summary>
public class PowerCutTests
{
    private const int Sector = 512;

    private readonly record struct Operation(string File, DiskOperation Kind, long Offset, byte[] Data);

    [Theory]
    [InlineData(8)]
    [InlineData(130)]
    public void After_a_power_cut_at_any_moment_every_acknowledged_comparison_is_there(int dimension)
    {
        using var folder = new StateFolder(dimension);
        folder.Fill(dimension + 3);
        Dictionary<string, byte[]> start = Directory.EnumerateFiles(folder.Profile).ToDictionary(path => path, File.ReadAllBytes);
        var operations = new List<Operation>();
        var acknowledged = new List<(int Operations, long Sequence)> { (0, dimension + 3) };
        while (acknowledged[^1].Sequence < 3 * dimension)
        {
            // Opened again and again: the first transaction of an engine is like any other.
            using ProfileStore store = folder.Open((file, kind, offset, data) => operations.Add(new Operation(file, kind, offset, data.ToArray())));
            for (int i = 0; i < 5; i++)
            {
                folder.AppendNext(store);
                acknowledged.Add((operations.Count, store.Sequence));
                _ = store.WriteCheckpointChunk();
            }
        }

        var random = new Random(dimension);
        int extra = 0, cuts = KillTests.LongForm ? 5000 : 100;
        for (int i = 0; i < cuts; i++)
        {
            int cut = random.Next(operations.Count + 1);
            foreach ((string path, byte[] content) in start)
                File.WriteAllBytes(path, After(operations, path, content, cut, random));
            long known = acknowledged.Last(a => a.Operations <= cut).Sequence;
            using ProfileStore store = folder.Open();
            Assert.True(store.Recovery.IsClean, $"cut {cut}: {string.Join(' ', store.Recovery.Problems)}");
            Assert.InRange(store.Sequence, known, known + 1);
            extra += (int)(store.Sequence - known);
            Oracle.AssertSame(Oracle.After(store.Sequence, dimension), store.Model);
            folder.AppendNext(store);
        }
        Assert.InRange(extra, 1, cuts - 1);
    }

    private static byte[] After(List<Operation> operations, string path, byte[] start, int cut, Random random)
    {
        Operation[] own = [.. operations.Take(cut).Where(operation => operation.File == path)];
        int synced = Array.FindLastIndex(own, operation => operation.Kind == DiskOperation.Sync);
        using var content = new MemoryStream();
        content.Write(start);
        for (int i = 0; i < own.Length; i++)
        {
            bool certain = i < synced;
            Operation operation = own[i];
            if (operation.Kind == DiskOperation.SetLength && (certain || random.Next(2) == 0))
                content.SetLength(operation.Offset);
            for (int at = 0; at < operation.Data.Length; at += Sector)
            {
                if (!certain && random.Next(8) >= (cut % 9))
                    continue;
                content.Position = operation.Offset + at;
                content.Write(operation.Data.AsSpan(at, Math.Min(Sector, operation.Data.Length - at)));
            }
        }
        return content.ToArray();
    }
}
