using System.Collections.Concurrent;
using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>
/// The models that tests run on: the embedded one always, SmolLM2 where ONLINERLHF_SMOLLM2 names its file. Loaded once per process.
/// </summary>
internal static class Models
{
    internal const string SmolVariable = "ONLINERLHF_SMOLLM2";

    /// <summary>Names the folder of other libraries of llama.cpp than those that were built beside the tests.</summary>
    internal const string NativesVariable = "ONLINERLHF_TEST_NATIVES";
    private static readonly DemoModel DemoFile = DemoModel.Open();
    private static readonly Lazy<LanguageModel> LazyDemo = new(() => LanguageModel.Load(Options(DemoFile.Path)));
    private static readonly Lazy<LanguageModel> LazySmol = new(() => LanguageModel.Load(Options(Environment.GetEnvironmentVariable(SmolVariable)!)));

    private static readonly ConcurrentDictionary<string, Lazy<double[]>> LazyScales = new();

    internal static string? Natives { get; } = Environment.GetEnvironmentVariable(NativesVariable) is { Length: > 0 } folder ? folder : null;

    internal static string DemoPath => DemoFile.Path;

    internal static LanguageModel Demo => LazyDemo.Value;

    internal static LanguageModel Get(string name)
    {
        if (name == "demo")
            return Demo;
        Assert.SkipUnless(File.Exists(Environment.GetEnvironmentVariable(SmolVariable)), $"{SmolVariable} names no file of SmolLM2-135M-Instruct.");
        return LazySmol.Value;
    }

    /// <summary>The calibrated scales: a few thousand tokens, measured once per process.</summary>
    internal static double[] Scales(string name) => LazyScales.GetOrAdd(name, n => new Lazy<double[]>(() => FeatureMap.Calibrate(Get(n)))).Value;

    // One thread: with more threads than free cores decoding collapses, and test projects share the machine.
    internal static LanguageModelOptions Options(string path) =>
        new()
        {
            ModelPath = path,
            NativesFolder = Natives,
            Threads = 1,
            ContextTokens = 1024,
            AnswerTokens = 128,
        };
}
