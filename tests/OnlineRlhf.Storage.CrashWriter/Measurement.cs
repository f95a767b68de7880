using System.Diagnostics;
using System.Globalization;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Storage.CrashWriter;

/// <summary>
/// What a comparison costs on the disk of a directory: bytes by the kernel's counter, time against one write and fsync of as many bytes.
/// </summary>
internal static class Measurement
{
    public static void Run(string directory, int dimension, int count)
    {
        long before = WriteBytes();
        var watch = Stopwatch.StartNew();
        using (ProfileStore store = ProfileStore.Open(directory, Known.Identity(dimension), new HyperParameters()))
        {
            Console.WriteLine(
                $"d {dimension}: opened ({store.Recovery.Outcome}) in {watch.Elapsed.TotalMilliseconds:f0} ms, wrote {WriteBytes() - before:n0} bytes"
            );
            var learner = new OnePassRewardModel(dimension, new HyperParameters());
            List<double> idle = [],
                during = [],
                chunks = [],
                learning = [],
                newFile = [],
                inPlace = [];
            long written = 0,
                slots = 0,
                bytes = 0;
            for (int i = 0; i < count; i++)
            {
                long next = store.Sequence + 1,
                    start = WriteBytes();
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
                _ = store.Append(Known.Round(1, next), difference, 1, ComparisonKind.Press);
                (due ? during : idle).Add(watch.Elapsed.TotalMilliseconds);
                bytes = WriteBytes() - middle;
                (written, slots) = (written + WriteBytes() - start, slots + bytes);
                watch.Restart();
                learner.Observe(new Comparison(difference, 1));
                learning.Add(watch.Elapsed.TotalMilliseconds);
                if (i % 8 == 0)
                {
                    newFile.Add(WriteAndSync(directory, (int)bytes, FileMode.Create));
                    inPlace.Add(WriteAndSync(directory, (int)bytes, FileMode.OpenOrCreate));
                }
            }
            double learn = Median(learning),
                acknowledge = Median(idle);
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {written / 1024.0 / count:f1} KiB a comparison, {slots / 1024.0 / count:f1} of it for the slot; acknowledged "
                        + $"in {acknowledge:f2} ms median, {learn:f2} of it learning; "
                        + $"while a checkpoint is written, a chunk just begun: median {Median(during):f2}, worst "
                        + $"{(during.Count == 0 ? 0 : during.Max()):f2} ms (chunk alone {Median(chunks):f2})"
                )
            );
            foreach ((string what, double write) in new[] { ("a new file", Median(newFile)), ("a file that is there", Median(inPlace)) })
            {
                Console.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"  one write + fsync of {bytes:n0} bytes to {what}: {write:f2} ms; acknowledgement {acknowledge / write:f2} "
                            + $"times that, without learning {(acknowledge - learn) / write:f2}"
                    )
                );
            }
            File.Delete(Path.Combine(directory, "probe"));
        }
        watch.Restart();
        using (ProfileStore store = ProfileStore.Open(directory, Known.Identity(dimension), new HyperParameters()))
            Console.WriteLine(
                $"  opened again ({store.Recovery.Outcome}, {store.Sequence - store.Recovery.CheckpointSequence} replayed) in "
                    + $"{watch.Elapsed.TotalMilliseconds:f0} ms"
            );
        Console.WriteLine($"  folder {Directory.EnumerateFiles(directory).Sum(f => new FileInfo(f).Length):n0} bytes");
    }

    private static double WriteAndSync(string directory, int bytes, FileMode mode)
    {
        byte[] content = new byte[bytes];
        using FileStream file = new(Path.Combine(directory, "probe"), mode, FileAccess.Write, FileShare.None, 0);
        var watch = Stopwatch.StartNew();
        file.Write(content);
        file.Flush(flushToDisk: true);
        return watch.Elapsed.TotalMilliseconds;
    }

    private static double Median(List<double> values) => values.Count == 0 ? 0 : values.Order().ElementAt(values.Count / 2);

    private static long WriteBytes() =>
        long.Parse(
            File.ReadLines("/proc/self/io").First(line => line.StartsWith("write_bytes", StringComparison.Ordinal)).Split(' ')[1],
            CultureInfo.InvariantCulture
        );
}
