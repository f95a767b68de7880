namespace OnlineRlhf.Rounds.Tests;

public sealed class EventTests
{
    [Fact]
    public async Task A_round_tells_its_life_in_order()
    {
        using var bench = new Bench();
        using EventHub.Subscription subscription = bench.Loop.Events.Follow();
        Round round = await bench.OpenAsync();
        await bench.PressAsync(round.Id, Preferred.First);
        List<RoundEvent> events = [];
        while (subscription.Events.TryRead(out RoundEvent? happened))
            events.Add(happened);
        RoundEvent.Generating[] progress = [.. events.OfType<RoundEvent.Generating>()];
        Assert.Equal(events.Count - 3, progress.Length);
        Assert.Equal(progress.Select(p => p.Progress.Tokens).Order(), progress.Select(p => p.Progress.Tokens));
        Assert.Equal(progress[^1].Progress.Candidates, progress[^1].Progress.Finished);
        Assert.Same(round, Assert.IsType<RoundEvent.Opened>(events[^3]).Round);
        Assert.Equal("feedback", Assert.IsType<RoundEvent.Closed>(events[^2]).Reason);
        Assert.Equal(1, Assert.IsType<RoundEvent.Learned>(events[^1]).Comparisons);
    }

    [Fact]
    public async Task A_round_that_expires_while_its_answer_is_made_durable_is_closed_once_and_the_answer_counts()
    {
        using var bench = new Bench();
        Round round = await bench.OpenAsync();
        using EventHub.Subscription subscription = bench.Loop.Events.Follow();
        bench.Opened = _ => bench.Clock.Advance(bench.Options.Lifetime);
        FeedbackResult result = await bench.PressAsync(round.Id, Preferred.First);
        Assert.Equal(result, await bench.PressAsync(round.Id, Preferred.First));
        Assert.True(subscription.Events.TryRead(out RoundEvent? happened));
        Assert.Equal("expired", Assert.IsType<RoundEvent.Closed>(happened).Reason);
        Assert.True(subscription.Events.TryRead(out happened));
        Assert.IsType<RoundEvent.Learned>(happened);
        Assert.False(subscription.Events.TryRead(out _));
    }

    [Fact]
    public async Task A_follower_that_does_not_read_holds_nobody_up()
    {
        using var bench = new Bench();
        using EventHub.Subscription lazy = bench.Loop.Events.Follow();
        for (uint seed = 0; seed < 8; seed++)
            await bench.OpenAsync(seed: seed);
        Assert.Equal(1, bench.Loop.Events.Followers);
        lazy.Dispose();
        Assert.Equal(0, bench.Loop.Events.Followers);
    }
}
