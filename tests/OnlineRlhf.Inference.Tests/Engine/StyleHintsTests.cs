using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

public sealed class StyleHintsTests
{
    private static readonly string[] Long = [.. Enumerable.Range(0, 5).Select(i => new string((char)('\u4e00' + i), 50))];

    /// <summary>Answers that do not end by themselves.</summary>
    private static readonly SamplingOptions Endless = new()
    {
        MaxTokens = 128,
        Temperature = 5,
        TopK = 1000,
        TopP = 1,
        MinP = 0,
    };

    [Fact]
    public void Memory_is_set_aside_for_long_hints()
    {
        using LanguageModel model = LanguageModel.Load(
            Models.Options(Models.DemoPath) with
            {
                StyleHints = Long,
            },
            TestContext.Current.CancellationToken
        );
        // The prompt is as long as fits.
        string text = string.Concat(Enumerable.Repeat("tea ", 150));
        Assert.NotEmpty(
            model.Sample(
                [new ChatMessage("user", text)],
                StyleHints.Assign(model.Hints, 8, 0),
                Endless,
                cancellationToken: TestContext.Current.CancellationToken
            )
        );
    }

    [Fact]
    public void Hints_that_nobody_spoke_of_shorten_the_answers()
    {
        Assert.NotEmpty(
            Models.Demo.Sample(
                [new ChatMessage("user", "Hello")],
                StyleHints.Assign(Long, 8, 0),
                Endless,
                cancellationToken: TestContext.Current.CancellationToken
            )
        );
    }

    [Fact]
    public void A_hint_that_leaves_no_room_in_the_context_is_refused_in_words()
    {
        InferenceException refused = Assert.Throws<InferenceException>(() =>
            LanguageModel.Load(Models.Options(Models.DemoPath) with { ContextTokens = 128, StyleHints = Long }, TestContext.Current.CancellationToken)
        );
        Assert.Equal(InferenceError.Model, refused.Error);
        Assert.Matches(@"prompt of \d{3} tokens and the context holds 128", refused.Message);
    }

    [Fact]
    public void The_demo_model_gets_none_and_any_other_model_some()
    {
        Assert.Empty(StyleHints.For(Models.Demo.Name));
        Assert.Equal(6, StyleHints.For("SmolLM2 135M Instruct").Count);
        Assert.Equal(6, StyleHints.For(null).Count);
    }

    [Theory]
    [InlineData(8, 2)]
    [InlineData(4, 1)]
    [InlineData(16, 4)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    public void Two_in_eight_candidates_keep_the_models_own_voice(int candidates, int plain)
    {
        for (uint seed = 0; seed < 20; seed++)
        {
            string?[] assigned = StyleHints.Assign(StyleHints.For(null), candidates, seed);
            Assert.Equal(candidates, assigned.Length);
            Assert.Equal(plain, assigned.Count(h => h is null));
        }
    }

    [Fact]
    public void Where_there_are_more_hints_than_places_every_hint_gets_its_turn()
    {
        IReadOnlyList<string> hints = StyleHints.For(null);
        Assert.Equal(
            hints.Order(),
            Enumerable.Range(0, 50).SelectMany(seed => StyleHints.Assign(hints, 4, (uint)seed)).OfType<string>().Distinct().Order()
        );
    }
}
