using Microsoft.Extensions.Time.Testing;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Inference.Tests.Engine;

namespace OnlineRlhf.Inference.Tests.Conversations;

/// <summary>A model with a clock that a test turns, and a count of the tokens that it reads, taken where llama.cpp decodes them.</summary>
public abstract class ConversationTestBase : IDisposable
{
    private protected const string Ada = "ada",
        Ben = "ben",
        Hint = "Use simple words.";
    private protected static readonly ChatMessage[] Bread = [new("user", "How do I bake bread?")],
        Sea = [new("user", "Tell me about the sea and the moon.")];
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;
    private LanguageModel? _model;

    private protected FakeTimeProvider Clock { get; } = new();

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The demo model, unless a test loads another one.</summary>
    private protected LanguageModel Model
    {
        get => _model ??= Load("demo");
        set => _model = value;
    }

    /// <summary>A file in a folder that is deleted with the test.</summary>
    private protected string FileOf(string architecture) => Path.Combine(_folder, architecture + ".gguf");

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _model?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private protected LanguageModel Load(string name)
    {
        string path = name == "demo" ? Models.DemoPath : Environment.GetEnvironmentVariable(Models.SmolVariable) ?? "";
        Assert.SkipUnless(File.Exists(path), $"{Models.SmolVariable} names no file of SmolLM2-135M-Instruct.");
        return LanguageModel.Load(Options(path), Cancel);
    }

    private protected LanguageModelOptions Options(string path) =>
        Models.Options(path) with
        {
            Clock = Clock,
            Conversations = 2,
            StyleHints = [Hint],
        };

    /// <summary>Samples answers and returns how many tokens of the prompt were read.</summary>
    private protected int Answer(ChatMessage[] messages, string?[] hints, out IReadOnlyList<Candidate> candidates, string owner = Ada)
    {
        int drawn = 0;
        long before = Model.Context.TokensDecoded;
        candidates = Model.Sample(
            messages,
            hints,
            new SamplingOptions
            {
                Seed = 3,
                MaxTokens = 24,
                DuplicateAttempts = 0,
            },
            new Last(p => drawn = p.Tokens),
            owner,
            Cancel
        );
        return (int)(Model.Context.TokensDecoded - before) - drawn;
    }

    private protected int Tokens(ChatMessage[] messages, string?[] hints)
    {
        Prompt prompt = Model.BuildPrompt(messages, hints);
        return prompt.Shared.Length + prompt.Suffixes.Sum(s => s.Length);
    }

    private protected static ChatMessage[] Continued(ChatMessage[] messages, Candidate answer, string further = "And what of rolls?") =>
        [.. messages, new("assistant", answer.Text), new("user", further)];

    private protected static void MustBeAlike(HiddenBlocks one, HiddenBlocks other)
    {
        float[] a = new float[HiddenBlocks.Count * one.Width],
            b = new float[HiddenBlocks.Count * other.Width];
        one.CopyTo(a);
        other.CopyTo(b);
        double norm = Math.Sqrt(b.Sum(x => (double)x * x)),
            distance = Math.Sqrt(a.Zip(b).Sum(p => Math.Pow(p.First - p.Second, 2)));
        // Where two readings differ in one bit, llama.cpp rounds activations to 8 bits otherwise from there on: one or two per cent behind 30 layers.
        Assert.True(distance < 0.05 * norm, $"hidden states differ by {distance} of {norm}");
    }

    private sealed class Last(Action<SamplingProgress> take) : IProgress<SamplingProgress>
    {
        public void Report(SamplingProgress value) => take(value);
    }
}
