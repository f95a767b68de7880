using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

public sealed class SamplingTests
{
    private static readonly string?[] NoHints = new string?[8];

    [Theory]
    [InlineData("demo")]
    [InlineData("smollm2")]
    public void Features_of_several_sequences_in_one_batch_equal_those_of_each_alone(string name)
    {
        LanguageModel model = Models.Get(name);
        string?[] hints = [null, null, null, "Use simple words.", "Be warm and friendly.", "Answer in one short sentence.", null, null];
        ChatMessage[] messages = [new("user", "How do I bake bread?")];
        IReadOnlyList<Candidate> candidates = model.Sample(messages, hints, new SamplingOptions { Seed = 5, MaxTokens = 40 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.InRange(candidates.Count, 4, 8);
        var map = new FeatureMap(model.EmbeddingLength, FeatureMap.Calibrate(model, TestContext.Current.CancellationToken), TextStatistics.For("en"));
        float[] together = new float[map.Dimension], alone = new float[map.Dimension];
        foreach (Candidate candidate in candidates)
        {
            HiddenBlocks forced = Assert.Single(model.Force(messages, [candidate.TokenIds], TestContext.Current.CancellationToken, candidate.Hint));
            map.Map(candidate.Hidden, messages[0].Content, candidate.Text, together);
            map.Map(forced, messages[0].Content, candidate.Text, alone);
            double norm = Math.Sqrt(alone.Sum(x => (double)x * x)), distance = Math.Sqrt(together.Zip(alone).Sum(p => Math.Pow(p.First - p.Second, 2)));
            Assert.True(distance < 0.02 * norm, $"features differ by {distance} of {norm}");
        }
    }

    [Fact]
    public void Candidates_are_distinct_and_say_something()
    {
        IReadOnlyList<Candidate> candidates = Models.Demo.Sample([new ChatMessage("user", "Tell me a joke.")], NoHints, new SamplingOptions { Seed = 1 }, cancellationToken: TestContext.Current.CancellationToken);
        foreach (Candidate c in candidates)
            TestContext.Current.TestOutputHelper!.WriteLine($"[{c.Tokens}] {c.Text}");
        Assert.InRange(candidates.Count, 2, 8);
        Assert.Equal(candidates.Count, candidates.Select(c => c.Text).Distinct().Count());
        Assert.All(candidates, c => Assert.False(string.IsNullOrWhiteSpace(c.Text)));
    }
}
