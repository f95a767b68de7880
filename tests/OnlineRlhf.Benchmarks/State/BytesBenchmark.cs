using System.Globalization;
using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Reporting;
using OnlineRlhf.Learning;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Benchmarks.State;

/// <summary>
/// What a press costs the storage in the long run, checkpoints included, by the kernel's own count; and that the state neither grows nor writes when
/// idle.
/// </summary>
internal static class BytesBenchmark
{
    private static readonly (int Dimension, double Bar)[] PerPress = [(593, 32), (1745, 48)];
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(3);

    internal static void Run(Report report, string directory)
    {
        using WorkFolder folder = WorkFolder.Create(directory);
        report.Begin("bytes", $"bytes written for a press, and the size of the state, on {folder.FileSystem}");
        foreach ((int dimension, double bar) in PerPress)
        {
            string path = folder.Sub($"bytes-{dimension}"),
                name = string.Create(CultureInfo.InvariantCulture, $"d = {dimension:#,0}");
            var presses = new Presses(dimension);
            int interval = dimension / 2,
                cycles = dimension < 1000 ? 2 : 1;
            using ProfileStore store = ProfileStore.Open(path, presses.Identity, new HyperParameters());
            long fresh = Size(path),
                before = KernelCounters.BytesWritten();
            presses.AppendPaced(store, interval);
            // A whole cycle begins at a finished checkpoint and ends at the next.
            before = KernelCounters.BytesWritten();
            presses.AppendPaced(store, cycles * interval);
            double kibibytes = (KernelCounters.BytesWritten() - before) / 1024.0 / (cycles * interval);
            report.Add(
                new Measurement(
                    $"{name}: written for a press, over {cycles} checkpoint cycle{(cycles > 1 ? "s" : "")}",
                    kibibytes,
                    "KiB",
                    AtMost: bar
                )
            );

            before = KernelCounters.BytesWritten();
            Thread.Sleep(IdleTime);
            report.Add(
                new Measurement(
                    $"{name}: written while idle for {IdleTime.TotalSeconds:0} s",
                    KernelCounters.BytesWritten() - before,
                    "bytes",
                    AtMost: 0
                )
            );
            if (dimension < 1000)
                Grow(report, name, path, store, presses, fresh, last: 3);
        }

        const int small = 48;
        var few = new Presses(small);
        string smallPath = folder.Sub("bytes-48");
        using ProfileStore smallStore = ProfileStore.Open(smallPath, few.Identity, new HyperParameters());
        Grow(report, $"d = {small}", smallPath, smallStore, few, Size(smallPath), last: 30);
        report.Note("Written: write_bytes of /proc/self/io, whole pages. A ring is d presses. The folder holds everything of one profile.");
        report.Print();
    }

    /// <summary>Compares the folder's size after some rings with that after three, or after none where there are only three.</summary>
    private static void Grow(Report report, string name, string path, ProfileStore store, Presses presses, long fresh, int last)
    {
        int dimension = presses.Identity.Dimension;
        presses.AppendPaced(store, (3 * dimension) - (int)store.Sequence);
        long three = Size(path);
        report.Add(new Measurement($"{name}: state folder, empty", fresh, "bytes"));
        report.Add(new Measurement($"{name}: state folder after 3 rings", three, "bytes", AtMost: last == 3 ? fresh : null));
        if (last == 3)
            return;
        presses.AppendPaced(store, (last * dimension) - (int)store.Sequence);
        report.Add(new Measurement($"{name}: state folder after {last} rings", Size(path), "bytes", AtMost: three));
    }

    private static long Size(string path) => new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);
}
