using System.Globalization;
using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Reporting;
using OnlineRlhf.Learning;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Benchmarks.State;

/// <summary>
/// A durable acknowledgement against one plain write and fsync of as many bytes as the kernel counts for it, and the worst one while a checkpoint is
/// written.
/// </summary>
internal static class AcknowledgeBenchmark
{
    private const int Idle = 150,
        Checkpoints = 3;
    private const double RatioBar = 3.2,
        WorstBar = 100,
        WorstTimesIdle = 10;
    private static readonly int[] Dimensions = [593, 1745];

    internal static void Run(Report report, string directory)
    {
        using WorkFolder folder = WorkFolder.Create(directory);
        report.Begin("acknowledge", $"durable Append against one write + fsync, on {folder.FileSystem}");
        foreach (int dimension in Dimensions)
            Measure(report, folder, dimension);
        report.Note("A plain write overwrites a file of constant size in place. Appends and plain writes alternate.");
        report.Note(
            "A comparison is learned when the model is next read; presses of a person come seconds apart, so the benchmark reads "
                + "it between two of them, outside of the timing."
        );
        report.Note(
            "While a checkpoint is written the daemon writes one chunk between two acknowledgements; one that arrives just then "
                + "waits for that chunk first."
        );
        report.Print();
    }

    private static void Measure(Report report, WorkFolder folder, int dimension)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"d = {dimension:#,0}");
        var presses = new Presses(dimension);
        using ProfileStore store = ProfileStore.Open(folder.Sub($"acknowledge-{dimension}"), presses.Identity, new HyperParameters());
        for (int i = 0; i < 20; i++)
            presses.Append(store);

        long before = KernelCounters.BytesWritten();
        for (int i = 0; i < 20; i++)
            presses.Append(store);
        int bytes = (int)((KernelCounters.BytesWritten() - before) / 20);

        using var plain = new PlainFile(folder.Sub($"plain-{dimension}"), bytes);
        using var page = new PlainFile(folder.Sub($"page-{dimension}"), 4096);
        List<double> appends = [],
            writes = [],
            pages = [],
            learned = [];
        for (int i = 0; i < Idle; i++)
        {
            double append = Clock.Milliseconds(() => presses.Append(store)),
                rest = Clock.Milliseconds(() => _ = store.CatchUp());
            appends.Add(append);
            learned.Add(append + rest);
            writes.Add(Clock.Milliseconds(plain.WriteAndSync));
            if (i % 5 == 0)
                pages.Add(Clock.Milliseconds(page.WriteAndSync));
        }
        double idle = appends.Median();
        report.Add(new Measurement($"{name}: one fsync of one page, median", pages.Median(), "ms"));
        report.Add(new Measurement($"{name}: bytes of an acknowledgement", bytes, "bytes"));
        report.Add(new Measurement($"{name}: write + fsync of as many, median", writes.Median(), "ms"));
        report.Add(new Measurement($"{name}: acknowledgement, median", idle, "ms"));
        report.Add(new Measurement($"{name}: until the model can be read, median", learned.Median(), "ms"));
        report.Add(new Measurement($"{name}: acknowledgement, 99th percentile", appends.Quantile(0.99), "ms"));
        report.Add(new Measurement($"{name}: median acknowledgement / median write", idle / writes.Median(), AtMost: RatioBar));

        (List<double> between, List<double> behind) = DuringCheckpoints(store, presses);
        double bar = Math.Max(WorstBar, WorstTimesIdle * idle);
        report.Add(new Measurement($"{name}: during checkpoints, median", between.Median(), "ms"));
        report.Add(new Measurement($"{name}: during checkpoints, worst of {between.Count}", between.Max(), "ms", AtMost: bar));
        report.Add(new Measurement($"{name}: arriving as a chunk begins, median", behind.Median(), "ms"));
        report.Add(new Measurement($"{name}: arriving as a chunk begins, worst of {behind.Count}", behind.Max(), "ms", AtMost: bar));
    }

    /// <summary>Appends between the chunks of whole checkpoints: the time of the append alone, and with the chunk in front of it.</summary>
    private static (List<double> Between, List<double> Behind) DuringCheckpoints(ProfileStore store, Presses presses)
    {
        List<double> between = [],
            behind = [];
        for (int checkpoint = 0; checkpoint < Checkpoints; checkpoint++)
        {
            while (!store.CheckpointDue)
                presses.Append(store);
            bool more = true;
            while (more)
            {
                _ = store.CatchUp();
                double chunk = Clock.Milliseconds(() => more = store.WriteCheckpointChunk()),
                    append = Clock.Milliseconds(() => presses.Append(store));
                between.Add(append);
                behind.Add(chunk + append);
            }
        }
        return (between, behind);
    }
}
