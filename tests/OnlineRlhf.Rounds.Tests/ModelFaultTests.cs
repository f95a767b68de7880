using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Tests;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>The model's file is changed, or what the model computes is not a number: nothing of it reaches a state.</summary>
public sealed class ModelFaultTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("onlinerlhf-fault-").FullName;

    private string ModelPath => Path.Combine(_folder, "model.gguf");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_press_on_a_round_that_was_open_when_the_file_changed_goes_to_the_state_of_the_model_that_answered()
    {
        using LanguageModel model = Load(PatchedModel.Whole);
        using PreferenceLoop loop = await OpenAsync(model);
        Round round = await loop.OpenRoundAsync(Bench.Ask(), Cancel);
        Assert.True(round.Asked);
        await Change();

        InferenceException refused = await Assert.ThrowsAsync<InferenceException>(() => loop.OpenRoundAsync(Bench.Ask(seed: 2), Cancel));
        Assert.Equal(InferenceError.ModelChanged, refused.Error);
        refused = await Assert.ThrowsAsync<InferenceException>(() =>
            loop.SubmitAsync(new ComparisonRequest([new("user", "Hello")], "Good day.", "What?"), Cancel)
        );
        Assert.Equal(InferenceError.ModelChanged, refused.Error);
        Assert.Equal(1, (await loop.GiveFeedbackAsync(round.Id, Preferred.First, Cancel)).Comparisons);
        Assert.Equal(model.Fingerprint[..16], Path.GetFileName(Assert.Single(Directory.GetDirectories(Path.Combine(_folder, "profiles")))));
    }

    [Fact]
    public async Task A_model_that_was_changed_is_not_measured()
    {
        using LanguageModel model = Load(PatchedModel.Whole);
        await Change();
        Assert.Equal(InferenceError.ModelChanged, Assert.Throws<InferenceException>(() => PreferenceLoop.Calibrate(model, _folder, Cancel)).Error);
        Assert.Equal(["model.gguf"], Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories).Select(f => Path.GetFileName(f)));
    }

    [Fact]
    public async Task A_text_that_spoils_the_output_costs_itself_alone()
    {
        using LanguageModel model = Load(PatchedModel.Poisoned(PatchedModel.Rice));
        using PreferenceLoop loop = await OpenAsync(model);
        ChatMessage[] messages = [new("user", "How do I boil an egg?")];
        Assert.Equal(1, (await loop.SubmitAsync(new ComparisonRequest(messages, "Seven minutes.", "That depends."), Cancel)).Comparisons);
        Assert.Equal(
            InferenceError.NotFinite,
            (
                await Assert.ThrowsAsync<InferenceException>(() =>
                    loop.SubmitAsync(new ComparisonRequest(messages, "With rice.", "That depends."), Cancel)
                )
            ).Error
        );
        Assert.Equal(
            InferenceError.NotFinite,
            (await Assert.ThrowsAsync<InferenceException>(() => loop.OpenRoundAsync(Bench.Ask("How do I cook rice?"), Cancel))).Error
        );
        Assert.Equal(
            2,
            (await loop.SubmitAsync(new ComparisonRequest(messages, "Seven minutes, and no more.", "That depends."), Cancel)).Comparisons
        );
        Round round = await loop.OpenRoundAsync(Bench.Ask(), Cancel);
        Assert.NotEmpty(round.First.Text);
    }

    private LanguageModel Load(byte[] bytes)
    {
        File.WriteAllBytes(ModelPath, bytes);
        return LanguageModel.Load(
            new LanguageModelOptions
            {
                ModelPath = ModelPath,
                Threads = 1,
                ContextTokens = 512,
            },
            Cancel
        );
    }

    private Task<PreferenceLoop> OpenAsync(LanguageModel model) =>
        PreferenceLoop.OpenAsync(
            model,
            _folder,
            new RoundOptions
            {
                Sampling = new() { MaxTokens = 16, Temperature = 1 },
            },
            TimeProvider.System,
            cancellationToken: Cancel
        );

    private Task Change()
    {
        byte[] other = PatchedModel.Whole;
        other[1_000_000] ^= 1;
        return File.WriteAllBytesAsync(ModelPath, other, Cancel);
    }
}
