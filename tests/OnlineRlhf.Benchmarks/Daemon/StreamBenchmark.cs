using System.Diagnostics;
using System.Threading.Channels;
using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Reporting;
using OnlineRlhf.Benchmarks.Tastes;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Benchmarks.Daemon;

/// <summary>
/// How much later a client reads the first word over OpenAI's API than the loop in this process tells it, for the same requests in turn.
/// </summary>
internal static class StreamBenchmark
{
    private const double MostMilliseconds = 10;

    internal static void Run(Report report, string name, string program, WorkFolder folder, string? model, int pairs)
    {
        using DaemonProcess daemon = DaemonProcess.Start(program, NewFolder("daemon"), model, "--threads", "1", "--context", "512");
        _ = daemon.WaitUntilReady();
        using var source = ModelSource.Open(model);
        using LanguageModel own = LanguageModel.Load(
            new LanguageModelOptions
            {
                ModelPath = source.Path,
                ContextTokens = 512,
                Threads = 1,
            }
        );
        using PreferenceLoop loop = PreferenceLoop
            .OpenAsync(own, NewFolder("loop"), new RoundOptions { Steering = new SteeringOptions() }, TimeProvider.System)
            .GetAwaiter()
            .GetResult();
        List<double> engine = [],
            http = [];
        for (int pair = -1; pair < pairs; pair++)
        {
            string request = EverydayRequests.All[pair + 1];
            double first = FirstWord(loop, request),
                streamed = daemon.FirstWord(request);
            // The first pair warms both up.
            if (pair < 0)
                continue;
            engine.Add(first);
            http.Add(streamed);
        }
        report.Add(new Measurement($"{name}: first word, the loop alone, median of {pairs}", engine.Median(), "ms"));
        report.Add(new Measurement($"{name}: first word, streamed over HTTP", http.Median(), "ms"));
        double[] later = [.. http.Zip(engine, (a, b) => a - b)];
        report.Add(new Measurement($"{name}: of it, HTTP", later.Median(), "ms", AtMost: MostMilliseconds));

        string NewFolder(string part) => Directory.CreateDirectory(folder.Sub($"stream-{name}-{part}")).FullName;
    }

    private static double FirstWord(PreferenceLoop loop, string request)
    {
        var written = Channel.CreateUnbounded<RoundEvent.Writing>();
        long start = Stopwatch.GetTimestamp();
        Task<Round> round = loop.OpenRoundAsync(
            new RoundRequest([new ChatMessage("user", request)]) { Ask = AskMode.Never, Scope = RoundScope.Conversation },
            written.Writer
        );
        _ = written.Reader.ReadAsync().AsTask().GetAwaiter().GetResult();
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        _ = round.GetAwaiter().GetResult();
        return milliseconds;
    }
}
