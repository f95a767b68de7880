using System.Text;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>Texts at which an answer ends.</summary>
public sealed class StopSequencesTests
{
    [Theory]
    [InlineData("one two three", 0, 3)]
    // A part of it was there already.
    [InlineData("one two three", 4, 3)]
    [InlineData("one END two", 0, 4)]
    [InlineData("one tw", 0, null)]
    public void The_first_one_is_found(string answer, int searched, int? at) =>
        Assert.Equal(at, new StopSequences([" two", "END"]).Find(Encoding.UTF8.GetBytes(answer), searched));

    [Theory]
    [InlineData("one", "one")]
    [InlineData("one EN", "one ")]
    [InlineData("one E", "one ")]
    [InlineData("one ENT", "one ENT")]
    [InlineData("E", "")]
    public void An_end_that_may_become_one_is_held_back(string text, string told) => Assert.Equal(told, new StopSequences(["END"]).HoldBack(text));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_answer_ends_before_it_whether_steered_or_whole(bool steered)
    {
        using LanguageModel model = LanguageModel.Load(Models.Options(Models.DemoPath), TestContext.Current.CancellationToken);
        string whole = Write([]);
        string stop = whole[(whole.Length / 3)..(whole.Length / 2)];
        string cut = Write([stop]);
        Assert.Equal(whole[..whole.IndexOf(stop, StringComparison.Ordinal)].TrimEnd(), cut);

        string Write(string[] stops)
        {
            TokenizedPrompt prompt = model.Tokenize([new("user", "How do I bake bread?")]);
            var options = new SamplingOptions { Seed = 3, Stop = stops };
            if (!steered)
                return model.Sample(prompt, [null], options, cancellationToken: TestContext.Current.CancellationToken)[0].Text;
            var guide = new Guide(b => b.Text.Length);
            Candidate answer = model
                .Steer(prompt, [null], options, SteeringOptions.Unsteered, guide, cancellationToken: TestContext.Current.CancellationToken)
                .Leader;
            Assert.True(answer.Complete);
            Assert.Equal(answer.Text, guide.Leader[^1]);
            Assert.All(guide.Leader, told => Assert.StartsWith(told, answer.Text, StringComparison.Ordinal));
            return answer.Text;
        }
    }

    [Fact]
    public void The_assistants_last_turn_is_continued()
    {
        LanguageModel model = Models.Get("demo");
        ChatMessage[] messages = [new("user", "How do I cook rice?"), new("assistant", "Rinse the rice and cook it")];
        string more = model
            .Sample(messages, [null], new SamplingOptions { Seed = 1 }, cancellationToken: TestContext.Current.CancellationToken)[0]
            .Text;
        // The white space before the next word is a part of it, and nobody begins a sentence here.
        Assert.Matches(@"^( [a-z]|[.,!])", more);
    }
}
