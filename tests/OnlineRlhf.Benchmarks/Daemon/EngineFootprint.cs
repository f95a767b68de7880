using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Benchmarks.Daemon;

/// <summary>
/// What the engine alone takes of private memory: the model, llama.cpp's libraries and buffers. Measured in a fresh process, with the daemon's
/// settings.
/// </summary>
internal static class EngineFootprint
{
    internal const string Verb = "engine-footprint";

    /// <summary>
    /// The growth of this process's private memory by loading the model, calibrating and sampling one request: all of it, and what is written of it,
    /// in bytes.
    /// </summary>
    internal static (long Private, long Dirty) Measure(string? modelPath)
    {
        Collect();
        long before = KernelCounters.PrivateBytes(),
            dirtyBefore = KernelCounters.PrivateDirtyBytes();
        using var source = ModelSource.Open(modelPath);
        using LanguageModel model = LanguageModel.Load(new LanguageModelOptions { ModelPath = source.Path, AnswerTokens = 160 });
        // The daemon has calibrated its feature map: that touches the buffers of many output rows.
        _ = FeatureMap.Calibrate(model);
        _ = model.Sample([new ChatMessage("user", DaemonBenchmark.Request)], StyleHints.Assign(model.Hints, 8, 0), new SamplingOptions());
        Collect();
        return (KernelCounters.PrivateBytes() - before, KernelCounters.PrivateDirtyBytes() - dirtyBefore);
    }

    private static void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
}
