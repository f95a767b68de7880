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
