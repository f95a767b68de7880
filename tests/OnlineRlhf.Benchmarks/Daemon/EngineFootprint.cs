using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Benchmarks.Daemon;

/// <summary>What the engine alone takes of private memory: the model, llama.cpp's libraries and buffers. Measured in a fresh process, with the daemon's settings.</summary>
internal static class EngineFootprint
{
    internal const string Verb = "engine-footprint";

    /// <summary>The growth of this process's private memory by loading the model and sampling one request, in bytes.</summary>
    internal static long Measure(string? modelPath)
    {
        Collect();
        long before = KernelCounters.PrivateBytes();
        using DemoModel? embedded = modelPath is null ? DemoModel.Open() : null;
        using LanguageModel model = LanguageModel.Load(new LanguageModelOptions { ModelPath = modelPath ?? embedded!.Path, AnswerTokens = 160 });
        _ = model.Sample([new ChatMessage("user", DaemonBenchmark.Request)], StyleHints.Deal(StyleHints.For(model.Name), 8, 0), new SamplingOptions());
        Collect();
        return KernelCounters.PrivateBytes() - before;
    }

    private static void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
