using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

public sealed class ForcedDecodeTests
{
    private static readonly ChatMessage[] Question = [new("user", "How do I make tea, and what do I need for it?")];

    [Theory]
    [InlineData("demo")]
    [InlineData("smollm2")]
    public void The_states_of_an_answer_are_the_same_bit_for_bit_whatever_stands_beside_it_or_came_before(string name)
    {
        LanguageModel model = Models.Get(name);
        string brief = "Seven minutes in boiling water.",
            lengthy = string.Join(' ', Enumerable.Repeat("Warm the pot, boil fresh water and let the leaves stand in it for four minutes.", 12));
        List<float[]> both = States([brief, lengthy]);
        model.Sample(
            [new ChatMessage("user", "Tell me about the sea.")],
            new string?[8],
            new SamplingOptions { Seed = 3, MaxTokens = 30 },
            cancellationToken: TestContext.Current.CancellationToken
        );
        List<float[]> swapped = States([lengthy, brief]);

        Assert.Equal(both, [swapped[1], swapped[0]]);
        Assert.Equal(both[0], Assert.Single(States([brief])));
        Assert.Equal(both[1], Assert.Single(States([lengthy])));
        return;

        List<float[]> States(string[] answers)
        {
            List<float[]> states = [];
            foreach (HiddenBlocks blocks in model.Force(Question, answers, TestContext.Current.CancellationToken))
            {
                states.Add(new float[HiddenBlocks.Count * blocks.Width]);
                blocks.CopyTo(states[^1]);
            }
            return states;
        }
    }
}
