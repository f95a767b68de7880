using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Rounds.Tests;

public sealed class EventTests
{
    [Fact]
    public async Task A_round_tells_its_life_in_order()
    {
        using var bench = new Bench();
        using EventHub.Subscription subscription = bench.Events.Follow();
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
        Assert.Equal(CloseReason.Feedback, Assert.IsType<RoundEvent.Closed>(events[^2]).Reason);
        Assert.Equal(1, Assert.IsType<RoundEvent.Recorded>(events[^1]).Comparisons);
    }

    [Fact]
    public async Task A_round_that_expires_while_its_answer_is_made_durable_is_closed_once_and_the_answer_counts()
    {
        using var bench = new Bench();
        Round round = await bench.OpenAsync();
        using EventHub.Subscription subscription = bench.Events.Follow();
        bench.Opened = _ => bench.Clock.Advance(bench.Options.Lifetime);
        FeedbackResult result = await bench.PressAsync(round.Id, Preferred.First);
        Assert.Equal(result, await bench.PressAsync(round.Id, Preferred.First));
        Assert.True(subscription.Events.TryRead(out RoundEvent? happened));
        Assert.Equal(CloseReason.Expired, Assert.IsType<RoundEvent.Closed>(happened).Reason);
        Assert.True(subscription.Events.TryRead(out happened));
        Assert.IsType<RoundEvent.Recorded>(happened);
        Assert.False(subscription.Events.TryRead(out _));
    }

    [Fact]
    public void A_flood_of_progress_takes_no_other_event_s_place_and_its_newest_is_kept()
    {
        var hub = new EventHub();
        using EventHub.Subscription slow = hub.Follow();
        var closed = new RoundEvent.Closed(Guid.NewGuid(), "anna", CloseReason.Superseded);
        hub.Publish(closed);
        for (int token = 1; token <= 10_000; token++)
        {
            hub.Publish(new RoundEvent.Generating("anna", new(token, 0, 8)));
            hub.Publish(new RoundEvent.Generating("ben", new(2 * token, 0, 8)));
        }
        var learned = new RoundEvent.Recorded(Guid.NewGuid(), "ben", 1);
        hub.Publish(learned);
        Assert.Equal(
            [closed, new RoundEvent.Generating("anna", new(10_000, 0, 8)), new RoundEvent.Generating("ben", new(20_000, 0, 8)), learned],
            Read(slow)
        );
    }

    [Fact]
    public async Task A_follower_that_lost_events_is_told_how_many_and_what_follows_is_complete()
    {
        var hub = new EventHub();
        using EventHub.Subscription slow = hub.Follow();
        RoundEvent[] published = [.. Enumerable.Range(1, 1000).Select(n => new RoundEvent.Recorded(Guid.NewGuid(), "anna", n))];
        foreach (RoundEvent happened in published)
            hub.Publish(happened);
        Assert.True(await slow.Events.WaitToReadAsync(TestContext.Current.CancellationToken));
        List<RoundEvent> read = Read(slow);
        int lost = Assert.IsType<RoundEvent.Lagged>(read[0]).Count;
        Assert.InRange(read.Count, 2, 257);
        Assert.Equal(published[lost..], read[1..]);
        ValueTask<bool> more = slow.Events.WaitToReadAsync(TestContext.Current.CancellationToken);
        Assert.False(more.IsCompleted);
        hub.Publish(published[0]);
        Assert.True(await more);
        Assert.Equal([published[0]], Read(slow));
    }

    [Fact]
    public async Task A_round_that_is_answered_at_once_is_opened_before_it_is_closed()
    {
        using var bench = new Bench();
        using EventHub.Subscription subscription = bench.Events.Follow();
        // Who looks sees the round as soon as it is open.
        using var over = new CancellationTokenSource();
        Task answers = Task.Run(
            async () =>
            {
                while (!over.IsCancellationRequested)
                    if (bench.Loop.Current(null) is { } seen)
                        await bench.PressAsync(seen.Id, Preferred.Skip);
            },
            TestContext.Current.CancellationToken
        );
        for (uint seed = 1; seed <= 20; seed++)
            await bench.OpenAsync(seed: seed);
        await over.CancelAsync();
        await answers;
        HashSet<Guid> opened = [];
        foreach (RoundEvent happened in Read(subscription))
        {
            if (happened is RoundEvent.Opened { Round.Id: var id })
                opened.Add(id);
            else if (happened is RoundEvent.Closed closed)
                Assert.Contains(closed.Id, opened);
        }
    }

    private static List<RoundEvent> Read(EventHub.Subscription subscription)
    {
        List<RoundEvent> events = [];
        while (subscription.Events.TryRead(out RoundEvent? happened))
            events.Add(happened);
        return events;
    }

    [Fact]
    public async Task A_follower_that_does_not_read_holds_nobody_up()
    {
        using var bench = new Bench();
        using EventHub.Subscription lazy = bench.Events.Follow();
        for (uint seed = 0; seed < 8; seed++)
            await bench.OpenAsync(seed: seed);
        Assert.Equal(1, bench.Events.Followers);
        lazy.Dispose();
        Assert.Equal(0, bench.Events.Followers);
    }
}
