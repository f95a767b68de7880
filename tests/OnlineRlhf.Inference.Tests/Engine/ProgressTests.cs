using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>Whoever watches the engine hears of every batch, also of those that draw nothing.</summary>
public sealed class ProgressTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Every_batch_of_a_prompt_and_of_an_answer_counts()
    {
        File.WriteAllBytes(_path, PatchedModel.WithNumber("llama.context_length", 4096));
        using LanguageModel model = LanguageModel.Load(Models.Options(_path) with { ContextTokens = 4096 }, TestContext.Current.CancellationToken);
        int told = 0,
            beforeTheFirstToken = -1;
        model.Progressed += () => told++;
        string text = string.Concat(Enumerable.Repeat("Tell me about the moon. ", 300));
        ChatMessage[] messages = [new("user", text)];
        int batches = model.PromptTokens(messages) / 512;
        Assert.InRange(batches, 3, 8);

        model.Sample(
            messages,
            [null],
            new SamplingOptions { MaxTokens = 4 },
            new First(() => beforeTheFirstToken = told),
            cancellationToken: TestContext.Current.CancellationToken
        );
        // One step was made when the first progress of the answer is told.
        Assert.InRange(beforeTheFirstToken, batches + 1, batches + 4);

        told = 0;
        model.Force([new("user", "Hello.")], [text], TestContext.Current.CancellationToken);
        Assert.InRange(told, batches * 8, batches * 12);

        told = 0;
        _ = model.Measure(TestContext.Current.CancellationToken);
        Assert.InRange(told, 6, 30);

        told = 0;
        _ = FeatureMap.Calibrate(model, TestContext.Current.CancellationToken);
        Assert.InRange(told, CalibrationSet.Default.Count * 5, CalibrationSet.Default.Count * 100);
    }

    private sealed class First(Action then) : IProgress<SamplingProgress>
    {
        private bool _told;

        public void Report(SamplingProgress value)
        {
            if (!_told)
                then();
            _told = true;
        }
    }
}
