using System.Diagnostics;
using System.Globalization;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Storage.CrashWriter;

/// <summary>What a comparison costs on the disk of a directory: bytes by the kernel's counter, time against one write and fsync of as many bytes.</summary>
internal static class Measurement
{
    public static void Run(string directory, int dimension, int count)
    {
        long before = WriteBytes();
        var watch = Stopwatch.StartNew();
        using (ProfileStore store = ProfileStore.Open(directory, Known.Identity(dimension), new HyperParameters()))
        {
            Console.WriteLine($"d {dimension}: opened ({store.Recovery.Outcome}) in {watch.Elapsed.TotalMilliseconds:f0} ms, wrote {WriteBytes() - before:n0} bytes");
            var idle = new List<double>();
            var during = new List<double>();
            var chunks = new List<double>();
            long start = WriteBytes(), slots = 0;
            for (int i = 0; i < count; i++)
            {
                long next = store.Sequence + 1, at = WriteBytes();
                float[] difference = Known.Difference(1, next, dimension);
                bool due = store.CheckpointDue;
                watch.Restart();
                if (due)
                {
                    // The worst case: a press arrives just as a chunk has begun.
                    _ = store.WriteCheckpointChunk();
                    chunks.Add(watch.Elapsed.TotalMilliseconds);
                }
                long middle = WriteBytes();
                _ = store.Append(Known.Round(1, next), difference, 1);
                slots += WriteBytes() - middle;
                (due ? during : idle).Add(watch.Elapsed.TotalMilliseconds);
            }
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {(WriteBytes() - start) / 1024.0 / count:f1} KiB a comparison, {slots / 1024.0 / count:f1} of it for the slot; idle median {Median(idle):f2} ms, "
                + $"while a checkpoint is written: median {Median(during):f2}, worst {(during.Count == 0 ? 0 : during.Max()):f2} ms (chunk alone {Median(chunks):f2})"));
            double write = Median([.. Enumerable.Range(0, 50).Select(_ => WriteAndSync(directory, (int)(slots / count)))]);
            Console.WriteLine($"  one write + fsync of {slots / count:n0} bytes: {write:f2} ms; acknowledgement {Median(idle) / write:f2} times that");
        }
        watch.Restart();
        using (ProfileStore store = ProfileStore.Open(directory, Known.Identity(dimension), new HyperParameters()))
            Console.WriteLine($"  opened again ({store.Recovery.Outcome}, {store.Sequence - store.Recovery.CheckpointSequence} replayed) in {watch.Elapsed.TotalMilliseconds:f0} ms");
        Console.WriteLine($"  folder {Directory.EnumerateFiles(directory).Sum(f => new FileInfo(f).Length):n0} bytes");
    }

    private static double WriteAndSync(string directory, int bytes)
    {
        string path = Path.Combine(directory, "probe");
        var watch = Stopwatch.StartNew();
        using (FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 0))
        {
            file.Write(new byte[bytes]);
            file.Flush(flushToDisk: true);
        }
        double elapsed = watch.Elapsed.TotalMilliseconds;
        File.Delete(path);
        return elapsed;
    }

    private static double Median(List<double> values) => values.Count == 0 ? 0 : values.Order().ElementAt(values.Count / 2);

    private static long WriteBytes() =>
        long.Parse(File.ReadLines("/proc/self/io").First(line => line.StartsWith("write_bytes", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);
}
