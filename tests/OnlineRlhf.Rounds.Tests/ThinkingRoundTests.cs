using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Inference.Tests;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>Rounds on models that think before they answer, or give no answer.</summary>
public sealed class ThinkingRoundTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("onlinerlhf-thinking-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Answers_that_differ_only_in_their_thoughts_are_no_pair()
    {
        MarkovModel model = new MarkovModel()
            .After("\n", "<think>")
            .After("<think>", " hmm", " well")
            .After(" hmm", " hmm", "</think>")
            .After(" well", " well", "</think>")
            .After("</think>", "\n\n")
            .After("\n\n", "Yes")
            .After("Yes", MarkovModel.End);
        Round round = await OpenAsync(model);

        Assert.Equal(("Yes", 2, false, 1), (round.First.Text, round.First.Tokens, round.Asked, round.CandidateCount));
    }

    [Fact]
    public async Task An_answer_that_never_came_is_no_candidate()
    {
        MarkovModel model = new MarkovModel()
            .After("\n", MarkovModel.End, "<think>")
            .After("<think>", "</think>")
            .After("</think>", MarkovModel.End, "Yes")
            .After("Yes", MarkovModel.End);

        Assert.Equal("Yes", (await OpenAsync(model)).First.Text);
    }

    [Fact]
    public async Task A_model_that_writes_no_answer_at_all_is_an_error_in_words()
    {
        MarkovModel model = new MarkovModel().After("\n", "<think>").After("<think>", "</think>").After("</think>", MarkovModel.End);
        RoundException refused = await Assert.ThrowsAsync<RoundException>(() => OpenAsync(model));

        Assert.Equal(RoundError.NoAnswer, refused.Error);
        Assert.Contains("wrote no answer", refused.Message, StringComparison.Ordinal);
    }

    private async Task<Round> OpenAsync(MarkovModel markov)
    {
        var options = new LanguageModelOptions
        {
            ModelPath = markov.Write(Path.Combine(_folder, "model.gguf")),
            Threads = 1,
            ContextTokens = 512,
            StyleHints = [],
        };
        using LanguageModel model = LanguageModel.Load(options, TestContext.Current.CancellationToken);
        using PreferenceLoop loop = await PreferenceLoop.OpenAsync(
            model,
            _folder,
            new RoundOptions
            {
                Sampling = new SamplingOptions
                {
                    Temperature = 1,
                    MinP = 0,
                    TopP = 1,
                },
            },
            TimeProvider.System
        );
        return await loop.OpenRoundAsync(
            new RoundRequest([new ChatMessage("user", "Will it rain?")]) { Seed = 3 },
            TestContext.Current.CancellationToken
        );
    }
}
