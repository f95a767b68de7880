namespace OnlineRlhf.Rounds.Tests;

/// <summary>Presses of hardware buttons: they know no round, and mean the one that is shown.</summary>
public sealed class ButtonPressTests : IDisposable
{
    private readonly Bench _bench = new();

    [Fact]
    public async Task A_press_answers_the_newest_asked_round_of_any_profile()
    {
        Round older = await _bench.OpenAsync(profile: "anna");
        Round newer = await _bench.OpenAsync(profile: "ben");
        await _bench.OpenAsync(profile: "carl", ask: AskMode.Never);
        Assert.Equal(PressOutcome.Counted, await Press(Preferred.Second));
        Assert.Null(_bench.Loop.Find(newer.Id));
        Assert.Same(older, _bench.Loop.Current(null));
        Assert.Equal(PressOutcome.Counted, await Press(Preferred.Tie));
        Assert.Equal(PressOutcome.NoRound, await Press(Preferred.First));
        Assert.Equal((1, 1, 0), (_bench.Loop.Answered(Preferred.Second), _bench.Loop.Answered(Preferred.Tie), _bench.Loop.Answered(Preferred.First)));
    }

    [Fact]
    public async Task A_finger_that_came_before_the_round_does_not_answer_it()
    {
        long began = Now;
        _bench.Clock.Advance(TimeSpan.FromMilliseconds(120));
        Round round = await _bench.OpenAsync();
        Assert.Equal(PressOutcome.TooEarly, await _bench.Loop.PressAsync(Preferred.First, began));
        Assert.Same(round, _bench.Loop.Find(round.Id));
        Assert.Equal(PressOutcome.Counted, await Press(Preferred.First));
    }

    [Fact]
    public async Task A_press_while_answers_are_written_is_for_none_of_them()
    {
        Round shown = await _bench.OpenAsync(profile: "anna");
        Task<Round> writing = Task.Run(() => _bench.OpenAsync("Tell me a long story.", profile: "ben"), TestContext.Current.CancellationToken);
        while (_bench.Loop.QueuedRequests == 0 && !writing.IsCompleted)
            await Task.Yield();
        PressOutcome outcome = await Press(Preferred.First);
        Assert.False(writing.IsCompleted, "The answers were written before the press came: it shows nothing.");
        Assert.Equal(PressOutcome.Generating, outcome);
        Assert.Same(shown, _bench.Loop.Find(shown.Id));
        await writing;
    }

    [Fact]
    public async Task A_press_tells_what_came_of_it_and_a_failed_request_that_it_is_over()
    {
        using EventHub.Subscription following = _bench.Loop.Events.Follow();
        await Assert.ThrowsAsync<Inference.InferenceException>(() => _bench.OpenAsync(string.Join(' ', Enumerable.Repeat("word", 2000))));
        await Press(Preferred.Skip);
        Round round = await _bench.OpenAsync();
        await Press(Preferred.First);
        List<RoundEvent> events = [];
        while (following.Events.TryRead(out RoundEvent? happened))
            events.Add(happened);
        Assert.False(Assert.Single(events.OfType<RoundEvent.Abandoned>()).Failed, "A prompt that is too long is no fault of the device.");
        Assert.Equal(
            [(Preferred.Skip, PressOutcome.NoRound, null), (Preferred.First, PressOutcome.Counted, round.Id)],
            events.OfType<RoundEvent.Pressed>().Select(p => (Assert.Single(p.Buttons), p.Outcome, p.Round)));
    }

    public void Dispose() => _bench.Dispose();

    private long Now => _bench.Clock.GetTimestamp();

    private Task<PressOutcome> Press(Preferred preferred) => _bench.Loop.PressAsync(preferred, Now);
}
