using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Reporting;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Benchmarks.Engine;

/// <summary>
/// Candidates per second of the whole engine (sampling, hidden states, features) against llama.cpp decoding the same batches in the same process, on
/// a
/// context without the callback, with nothing drawn and nothing read.
/// </summary>
internal static class EngineBenchmark
{
    internal const string SmolVariable = "ONLINERLHF_SMOLLM2";
    private const int Candidates = 8,
        MaxTokens = 64;
    private const double Bar = 0.95;

    /// <summary>The file of SmolLM2; null where the environment names none.</summary>
    internal static string? SmolModel => Environment.GetEnvironmentVariable(SmolVariable) is { Length: > 0 } path ? path : null;

    private static readonly ChatMessage[] Request = [new("user", "How do I keep my houseplants alive while I travel?")];

    internal static void Run(Report report, int threads, int pairs)
    {
        report.Begin("engine", $"candidates per second, n = {Candidates}, at most {MaxTokens} tokens, default samplers, hidden states and features");
        using (DemoModel demo = DemoModel.Open())
            Measure(report, "demo model", demo.Path, threads, 4 * pairs, bar: null);
        if (SmolModel is { } path)
            Measure(report, "SmolLM2", path, threads, pairs, Bar);
        else
            report.Note($"SmolLM2 is left out: {SmolVariable} names no file of it. The bar holds for it.");
        report.Note(
            "Processor time does not count what other work on this machine takes; with several threads it counts their waiting for each other."
        );
        report.Note("The bare decode replays the same batches, interleaved with the runs; the ratio is the median over neighbouring pairs.");
        report.Print();
    }

    private static void Measure(Report report, string name, string path, int threads, int pairs, double? bar)
    {
        var options = new LanguageModelOptions
        {
            ModelPath = path,
            ContextTokens = 1024,
            AnswerTokens = MaxTokens,
            Candidates = Candidates,
            Threads = threads,
            Conversations = 1,
        };
        using LanguageModel model = LanguageModel.Load(options);
        using LanguageModel bare = LanguageModel.Load(options, collectHidden: false);
        var map = new FeatureMap(model.EmbeddingLength, FeatureMap.Calibrate(model), TextStatistics.For("en"));
        float[] features = new float[map.Dimension];
        string?[] hints = StyleHints.Assign(model.Hints, Candidates, 0);

        List<double> rates = [],
            ratios = [],
            processor = [];
        long prompts = 0,
            decoded = 0;
        uint seed = 0;
        for (int pair = -1; pair < pairs; pair++)
        {
            TokenSteps? steps = null;
            double engine = 0,
                engineProcessor = 0;
            // A run that drew a duplicate anew has other batches than its candidates show: such a seed is passed over.
            while (steps is null)
            {
                var sampling = new SamplingOptions
                {
                    Candidates = Candidates,
                    MaxTokens = MaxTokens,
                    Seed = ++seed,
                };
                var drawn = new LastProgress();
                long before = model.Context.TokensDecoded;
                IReadOnlyList<Candidate> candidates = [];
                engineProcessor = ProcessorMilliseconds();
                engine = Clock.Milliseconds(() =>
                {
                    // Somebody else each time, so that the whole prompt is read.
                    candidates = model.Sample(Request, hints, sampling, drawn, $"{seed}");
                    foreach (Candidate candidate in candidates)
                        map.Map(candidate.Hidden, Request[^1].Content, candidate.Text, features);
                });
                engineProcessor = ProcessorMilliseconds() - engineProcessor;
                if (candidates.Count == Candidates && drawn.Tokens == candidates.Sum(c => c.Tokens))
                {
                    steps = new TokenSteps(model.BuildPrompt(Request, hints), candidates);
                    prompts = steps.Tokens;
                    decoded = model.Context.TokensDecoded - before;
                }
            }
            double decodeProcessor = ProcessorMilliseconds(),
                decode = Clock.Milliseconds(() =>
                {
                    steps.Prepare(bare.Context, known: 0);
                    steps.Replay(bare.Context, known: 0);
                });
            decodeProcessor = ProcessorMilliseconds() - decodeProcessor;
            if (pair < 0)
                continue;
            rates.Add(1000 * Candidates / engine);
            ratios.Add(decode / engine);
            processor.Add(decodeProcessor / engineProcessor);
        }
        report.Add(new Measurement($"{name}, {model.Threads} thread(s): candidates per second, median", rates.Median()));
        report.Add(new Measurement($"{name}: against the bare decode, median of {pairs}", ratios.Median(), AtLeast: bar));
        report.Add(new Measurement($"{name}: against the bare decode, quartiles, lower", ratios.Quantile(0.25)));
        report.Add(new Measurement($"{name}: against the bare decode, quartiles, upper", ratios.Quantile(0.75)));
        report.Add(new Measurement($"{name}: the same by processor time", processor.Median()));
        report.Add(new Measurement($"{name}: tokens decoded beyond prompt once + answers", decoded - prompts, AtMost: 0));
    }

    private static double ProcessorMilliseconds() => Environment.CpuUsage.TotalTime.TotalMilliseconds;
}
