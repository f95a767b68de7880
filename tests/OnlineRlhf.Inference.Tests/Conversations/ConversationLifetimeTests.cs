using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Conversations;

/// <summary>How long a conversation is kept, and for whom.</summary>
public sealed class ConversationLifetimeTests : ConversationTestBase
{
    [Fact]
    public void The_conversation_that_was_used_longest_ago_goes_first()
    {
        string?[] hints = [null];
        Answer(Bread, hints, out _);
        Answer(Sea, hints, out _);
        Answer([new("user", "I am bored.")], hints, out _);
        Assert.Equal(Tokens(Bread, hints), Answer(Bread, hints, out _));
    }

    [Fact]
    public void Nobody_goes_on_with_what_another_owner_said()
    {
        string?[] hints = [null];
        Answer(Bread, hints, out _);
        Assert.Equal(Tokens(Bread, hints), Answer(Bread, hints, out _, owner: Ben));
    }

    [Fact]
    public void What_is_forgotten_is_read_again()
    {
        string?[] hints = [null];
        Answer(Bread, hints, out _);
        Answer(Sea, hints, out _, owner: Ben);
        HashSet<string> forgotten = [Ada, Ben];
        Model.IsForgotten = forgotten.Remove;
        Clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Empty(forgotten);
        Model.IsForgotten = null;
        Assert.Equal(Tokens(Sea, hints), Answer(Sea, hints, out _, owner: Ben));
        Assert.Equal(Tokens(Bread, hints), Answer(Bread, hints, out _));
    }

    [Fact]
    public void A_conversation_is_dropped_when_its_lifetime_is_over_though_nobody_asks()
    {
        string?[] hints = [null];
        Answer(Bread, hints, out _);
        Assert.True(Model.PromptTokens(Bread, Ada) < Model.PromptTokens(Bread, Ben));
        Clock.Advance(TimeSpan.FromMinutes(61));
        Assert.Equal(Model.PromptTokens(Bread, Ben), Model.PromptTokens(Bread, Ada));
    }

    [Fact]
    public void Each_conversation_has_a_lifetime_of_its_own()
    {
        string?[] hints = [null];
        Answer(Bread, hints, out _);
        Clock.Advance(TimeSpan.FromMinutes(59));
        Answer(Sea, hints, out _, owner: Ben);
        Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(Model.PromptTokens(Bread, null), Model.PromptTokens(Bread, Ada));
        Assert.True(Model.PromptTokens(Sea, Ben) < Model.PromptTokens(Sea, null));
    }

    [Fact]
    public void The_likeliest_answer_asked_again_and_again_displaces_no_other_conversation()
    {
        Answer(Sea, [null], out _, owner: Ben);
        for (int i = 0; i < 3; i++)
            _ = Model.Sample(Bread, [null], new SamplingOptions { Temperature = 0, MaxTokens = 8 }, owner: Ada, cancellationToken: Cancel);
        Assert.True(Model.PromptTokens(Sea, Ben) < Model.PromptTokens(Sea, null));
    }
}
