using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OnlineRlhf.Benchmarks.Engine;
using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Reporting;

namespace OnlineRlhf.Benchmarks.Daemon;

/// <summary>
/// The published daemon as the system sees it: how soon it takes connections, its size, its memory beyond model and learner, what it writes when
/// idle.
/// </summary>
internal static class DaemonBenchmark
{
    internal const string Request = "How do I keep my houseplants alive while I travel?";
    private const int Starts = 20,
        Streams = 15;
    private const double Megabyte = 1e6;
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(5);

    internal static void Run(Report report, string program, string directory)
    {
        report.Begin("daemon", "the published program");
        if (!File.Exists(program))
        {
            report.Note($"Left out: there is no {program}. ./benchmarks.sh publishes it; --daemon names another.");
            report.Print();
            return;
        }
        using WorkFolder folder = WorkFolder.Create(directory);
        List<double> starts = [];
        for (int i = 0; i < Starts; i++)
        {
            using DaemonProcess daemon = DaemonProcess.Start(program, NewFolder(folder, $"start-{i}"), model: null);
            starts.Add(daemon.Connectable.TotalMilliseconds);
            daemon.Kill();
        }
        report.Add(new Measurement($"spawn to connectable socket, median of {Starts}", starts.Median(), "ms", AtMost: 50));
        report.Add(new Measurement("spawn to connectable socket, fastest", starts.Min(), "ms"));
        report.Add(new Measurement("spawn to connectable socket, slowest", starts.Max(), "ms"));
        report.Add(new Measurement("binary, natives apart", new FileInfo(program).Length / Megabyte, "MB", AtMost: 21));

        Memory(report, "demo model", program, NewFolder(folder, "demo"), model: null);
        if (EngineBenchmark.SmolModel is { } model)
            Memory(report, "SmolLM2", program, NewFolder(folder, "smollm2"), model);
        StreamBenchmark.Run(report, "demo model", program, folder, model: null, Streams);
        if (EngineBenchmark.SmolModel is { } small)
            StreamBenchmark.Run(report, "SmolLM2", program, folder, small, Streams);
        report.Note(
            "Private memory, written: Private_Dirty of smaps_rollup after one round and its feedback; clean pages, which the kernel "
                + "can drop, are added in the line that says so."
        );
        report.Note(
            "Taken off: the learner, 4d(d+1) + 32d bytes; and what loading the same model with the same settings, calibrating and "
                + "sampling the same request adds to the"
        );
        report.Note("memory of another, fresh process: the model, llama.cpp's libraries and their buffers.");
        report.Print();
    }

    private static void Memory(Report report, string name, string program, string folder, string? model)
    {
        int dimension;
        long written,
            total,
            dirty;
        using (DaemonProcess daemon = DaemonProcess.Start(program, folder, model))
        {
            report.Add(
                new Measurement(
                    $"{name}: spawn to the first answer, calibration of the feature map included",
                    daemon.WaitUntilReady().TotalSeconds,
                    "s"
                )
            );
            JsonElement round = daemon.Post("/v1/rounds", $$"""{"messages":[{"role":"user","content":"{{Request}}"}],"seed":1}""");
            _ = daemon.Post($"/v1/rounds/{round.GetProperty("id").GetString()}/feedback", """{"preferred":"first"}""");
            written = KernelCounters.BytesWritten(daemon.Id);
            Thread.Sleep(IdleTime);
            written = KernelCounters.BytesWritten(daemon.Id) - written;
            (total, dirty) = (KernelCounters.PrivateBytes(daemon.Id), KernelCounters.PrivateDirtyBytes(daemon.Id));
            dimension = daemon.Features();
        }
        // Only now: a model file that two processes map is private to neither.
        (long engine, long engineDirty) = Footprint(model);
        long learner = (4L * dimension * (dimension + 1)) + (32L * dimension);
        report.Add(new Measurement($"{name}: private memory, written", dirty / Megabyte, "MB"));
        report.Add(new Measurement($"{name}: of it, model and llama.cpp", engineDirty / Megabyte, "MB"));
        report.Add(new Measurement($"{name}: of it, the learner's state (d = {dimension})", learner / Megabyte, "MB"));
        report.Add(new Measurement($"{name}: private memory beyond these", (dirty - engineDirty - learner) / Megabyte, "MB", AtMost: 40));
        report.Add(new Measurement($"{name}: the same with the clean pages of the program's own file", (total - engine - learner) / Megabyte, "MB"));
        report.Add(new Measurement($"{name}: written by the idle daemon in {IdleTime.TotalSeconds:0} s", written, "bytes", AtMost: 0));
    }

    private static (long Private, long Dirty) Footprint(string? model)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "onlinerlhf-benchmarks.dll"));
        start.ArgumentList.Add(EngineFootprint.Verb);
        if (model is not null)
        {
            start.ArgumentList.Add("--model");
            start.ArgumentList.Add(model);
        }
        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        long[] bytes =
        [
            .. output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(b => long.Parse(b, CultureInfo.InvariantCulture)),
        ];
        return (bytes[0], bytes[1]);
    }

    private static string NewFolder(WorkFolder folder, string name) => Directory.CreateDirectory(folder.Sub(name)).FullName;
}
