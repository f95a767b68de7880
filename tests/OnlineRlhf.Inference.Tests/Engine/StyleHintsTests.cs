using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Tests.Engine;

public sealed class StyleHintsTests
{
    [Fact]
    public void The_demo_model_gets_none_and_any_other_model_some()
    {
        Assert.Empty(StyleHints.For(Models.Demo.Name));
        Assert.Equal(5, StyleHints.For("SmolLM2 135M Instruct").Count);
        Assert.Equal(5, StyleHints.For(null).Count);
    }

    [Theory]
    [InlineData(8, 3)]
    [InlineData(4, 2)]
    [InlineData(16, 6)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    public void Three_in_eight_candidates_keep_the_models_own_voice(int candidates, int plain)
    {
        for (uint seed = 0; seed < 20; seed++)
        {
            string?[] dealt = StyleHints.Deal(StyleHints.For(null), candidates, seed);
            Assert.Equal(candidates, dealt.Length);
            Assert.Equal(plain, dealt.Count(h => h is null));
        }
    }

    [Fact]
    public void Where_there_are_more_hints_than_places_every_hint_gets_its_turn()
    {
        IReadOnlyList<string> hints = StyleHints.For(null);
        Assert.Equal(hints.Order(), Enumerable.Range(0, 50).SelectMany(seed => StyleHints.Deal(hints, 4, (uint)seed)).OfType<string>().Distinct().Order());
    }
}
