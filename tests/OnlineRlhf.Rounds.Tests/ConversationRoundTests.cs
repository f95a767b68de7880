using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>Rounds of conversations that stand side by side, and requests that open none.</summary>
public sealed class ConversationRoundTests : IDisposable
{
    private readonly Bench _bench = new(new RoundOptions { Conversations = 2 });

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task A_further_turn_ends_the_round_of_its_own_conversation_only()
    {
        Round egg = await OpenAsync("How do I boil an egg?"),
            rice = await OpenAsync("How do I cook rice?"),
            further = await OpenAsync("How do I boil an egg?", egg.First.Text, "And two?");
        Assert.Null(_bench.Loop.Find(egg.Id));
        Assert.NotNull(_bench.Loop.Find(rice.Id));
        Assert.NotNull(_bench.Loop.Find(further.Id));
    }

    [Fact]
    public async Task The_same_turn_asked_again_ends_the_round_before_it()
    {
        Round first = await OpenAsync("How do I boil an egg?"),
            again = await OpenAsync("How do I boil an egg?");
        Assert.Null(_bench.Loop.Find(first.Id));
        Assert.NotNull(_bench.Loop.Find(again.Id));
    }

    [Fact]
    public async Task A_changed_system_message_makes_no_other_conversation()
    {
        Round first = await AskAsync([new("system", "It is 8:30."), new("user", "How do I boil an egg?")]);
        _ = await AskAsync([new("system", "It is 8:31."), new("user", "How do I boil an egg?")]);
        Assert.Null(_bench.Loop.Find(first.Id));
    }

    [Fact]
    public async Task Of_too_many_conversations_the_oldest_loses_its_round()
    {
        Round egg = await OpenAsync("How do I boil an egg?"),
            rice = await OpenAsync("How do I cook rice?"),
            bread = await OpenAsync("How do I bake bread?");
        Assert.Null(_bench.Loop.Find(egg.Id));
        Assert.NotNull(_bench.Loop.Find(rice.Id));
        Assert.NotNull(_bench.Loop.Find(bread.Id));
    }

    [Fact]
    public async Task A_round_that_shows_both_answers_stays_longer_than_those_that_ask_nothing()
    {
        Round asked = await _bench.Loop.OpenRoundAsync(
            new RoundRequest([new("user", "How do I boil an egg?")]) { Scope = RoundScope.Conversation, Ask = AskMode.Always },
            TestContext.Current.CancellationToken
        );
        Round rice = await OpenAsync("How do I cook rice?");
        _ = await OpenAsync("How do I bake bread?");
        Assert.NotNull(_bench.Loop.Find(asked.Id));
        Assert.Null(_bench.Loop.Find(rice.Id));
    }

    [Fact]
    public async Task A_press_on_the_pair_on_display_counts_while_somebody_chats()
    {
        _ = await _bench.Loop.OpenRoundAsync(Bench.Ask(), TestContext.Current.CancellationToken);
        long began = _bench.Clock.GetTimestamp();
        _ = await OpenAsync("How do I boil an egg?");
        Assert.Equal(Feedback.PressOutcome.Counted, (await _bench.Loop.PressAsync(Feedback.Preferred.First, began)).Outcome);
    }

    [Fact]
    public async Task It_leaves_the_round_on_display_alone_and_is_not_on_display_itself()
    {
        Round shown = await _bench.Loop.OpenRoundAsync(Bench.Ask(), TestContext.Current.CancellationToken);
        _ = await OpenAsync("How do I boil an egg?");
        Assert.Same(shown, _bench.Loop.Current(RoundRequest.DefaultProfile));
        _ = await _bench.Loop.OpenRoundAsync(Bench.Ask("How do I cook rice?"), TestContext.Current.CancellationToken);
        Assert.Null(_bench.Loop.Find(shown.Id));
    }

    [Fact]
    public async Task A_request_without_a_round_disturbs_nothing_and_no_event_tells_of_it()
    {
        Round shown = await _bench.Loop.OpenRoundAsync(Bench.Ask(), TestContext.Current.CancellationToken);
        using Events.EventHub.Subscription events = _bench.Events.Follow();
        RoundRequest job = new([new("user", "Write a title.")]) { Scope = RoundScope.None, IsPlain = true };
        Round answer = await _bench.Loop.OpenRoundAsync(job, TestContext.Current.CancellationToken);
        Assert.NotEmpty(answer.First.Text);
        Assert.Null(_bench.Loop.Find(answer.Id));
        Assert.NotNull(_bench.Loop.Find(shown.Id));
        Assert.False(events.Events.TryRead(out _));
    }

    private Task<Round> OpenAsync(params string[] turns) =>
        AskAsync([.. turns.Select((t, i) => new ChatMessage(i % 2 == 0 ? "user" : "assistant", t))]);

    private Task<Round> AskAsync(ChatMessage[] messages) =>
        _bench.Loop.OpenRoundAsync(
            new RoundRequest(messages) { Scope = RoundScope.Conversation, Ask = AskMode.Never },
            TestContext.Current.CancellationToken
        );
}
