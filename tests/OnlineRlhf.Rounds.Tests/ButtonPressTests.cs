using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;

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
        Assert.Equal(
            (1, 1, 0),
            (_bench.Loop.Status.Answered(Preferred.Second), _bench.Loop.Status.Answered(Preferred.Tie), _bench.Loop.Status.Answered(Preferred.First))
        );
    }

    [Fact]
    public async Task A_finger_that_came_before_the_round_does_not_answer_it()
    {
        long began = Now;
        _bench.Clock.Advance(TimeSpan.FromMilliseconds(120));
        Round round = await _bench.OpenAsync();
        Assert.Equal(PressOutcome.TooEarly, (await _bench.Loop.PressAsync(Preferred.First, began)).Outcome);
        Assert.Same(round, _bench.Loop.Find(round.Id));
        Assert.Equal(PressOutcome.Counted, await Press(Preferred.First));
    }

    [Fact]
    public async Task A_press_while_answers_are_written_is_for_none_of_them()
    {
        Round shown = await _bench.OpenAsync(profile: "anna");
        Task<Round> writing = Task.Run(() => _bench.OpenAsync("Tell me a long story.", profile: "ben"), TestContext.Current.CancellationToken);
        while (_bench.Loop.Status.QueuedRequests == 0 && !writing.IsCompleted)
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
        using EventHub.Subscription following = _bench.Events.Follow();
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
            events.OfType<RoundEvent.Pressed>().Select(p => (Assert.Single(p.Buttons), p.Outcome, p.Round))
        );
    }

    [Fact]
    public async Task No_press_between_a_request_s_arrival_and_its_round_answers_the_old_pair()
    {
        Round old = await _bench.OpenAsync(profile: "anna");
        List<Task<PressOutcome>> presses = [];
        _bench.Clock.Looked = () => presses.Add(Press(Preferred.First));
        Round opened = await _bench.OpenAsync(profile: "ben");
        _bench.Clock.Looked = null;
        Assert.True(presses.Count >= 4, "The moments of the loop were not seen.");
        Assert.All(await Task.WhenAll(presses), outcome => Assert.Equal(PressOutcome.Generating, outcome));
        Assert.Same(old, _bench.Loop.Find(old.Id));
        Assert.Same(opened, _bench.Loop.Find(opened.Id));
        Assert.Equal(PressOutcome.Counted, await Press(Preferred.First));
        Assert.Null(_bench.Loop.Find(opened.Id));
    }

    [Fact]
    public async Task A_press_while_the_request_s_profile_is_opened_is_for_none()
    {
        await _bench.PressAsync((await _bench.OpenAsync(profile: "ben")).Id, Preferred.First);
        _bench.Restart();
        Round old = await _bench.OpenAsync(profile: "anna");
        Task<PressOutcome>? press = null;
        _bench.Opened = _ => press ??= Press(Preferred.First);
        await _bench.OpenAsync(profile: "ben");
        Assert.Equal(PressOutcome.Generating, await press!);
        Assert.Same(old, _bench.Loop.Find(old.Id));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_finger_that_came_while_something_was_written_is_for_none_also_where_no_pair_came_of_it(bool fails)
    {
        Round old = await _bench.OpenAsync(profile: "anna");
        long began = 0;
        _bench.Clock.Looked = () =>
        {
            if (began != 0)
                return;
            began = Now;
            _bench.Clock.Advance(TimeSpan.FromMilliseconds(20));
        };
        if (fails)
        {
            string tooLong = string.Join(' ', Enumerable.Repeat("word", 2000));
            await Assert.ThrowsAsync<Inference.InferenceException>(() => _bench.OpenAsync(tooLong, profile: "ben"));
        }
        else
            await _bench.OpenAsync(profile: "ben", ask: AskMode.Never);
        _bench.Clock.Looked = null;
        Assert.Equal(PressOutcome.Generating, (await _bench.Loop.PressAsync(Preferred.First, began)).Outcome);
        Assert.Same(old, _bench.Loop.Find(old.Id));
        Assert.Equal(PressOutcome.Counted, await Press(Preferred.First));
        Assert.Null(_bench.Loop.Find(old.Id));
    }

    [Fact]
    public async Task A_press_whose_round_is_replaced_while_it_waits_for_its_turn_answers_neither()
    {
        Round carls = await _bench.OpenAsync(profile: "carl"),
            replaced = await _bench.OpenAsync(profile: "anna");
        await HoldTurnAsync(
            carls,
            async () =>
            {
                Task<PressOutcome> press = Press(Preferred.First);
                Assert.False(press.IsCompleted);
                Round newer = await _bench.OpenAsync(profile: "anna", seed: 2);
                return async () =>
                {
                    Assert.Equal(PressOutcome.Refused, await press);
                    Assert.Same(newer, _bench.Loop.Find(newer.Id));
                    Assert.Equal(RoundError.Superseded, await _bench.RefusalAsync(replaced.Id, Preferred.First));
                };
            }
        );
    }

    [Fact]
    public async Task A_press_whose_pair_is_answered_elsewhere_under_the_finger_is_not_for_the_pair_behind_it()
    {
        Round behind = await _bench.OpenAsync(profile: "anna"),
            shown = await _bench.OpenAsync(profile: "ben");
        long began = Now;
        _bench.Clock.Advance(TimeSpan.FromMilliseconds(50));
        await _bench.PressAsync(shown.Id, Preferred.Second);
        Assert.Equal(PressOutcome.Refused, (await _bench.Loop.PressAsync(Preferred.First, began)).Outcome);
        Assert.Same(behind, _bench.Loop.Find(behind.Id));
        Assert.Equal(PressOutcome.Counted, await Press(Preferred.First));
    }

    [Fact]
    public async Task A_press_counts_while_a_comparison_is_read()
    {
        Round round = await _bench.OpenAsync(profile: "anna");
        Task<PressOutcome>? press = null;
        _bench.Clock.Looked = () => press ??= _bench.Loop.Status.QueuedRequests > 0 ? Press(Preferred.First) : null;
        await _bench.Loop.SubmitAsync(Comparison(), TestContext.Current.CancellationToken);
        Assert.Equal(PressOutcome.Counted, await press!);
        Assert.Null(_bench.Loop.Find(round.Id));
    }

    public void Dispose() => _bench.Dispose();

    private static ComparisonRequest Comparison() =>
        new([new Inference.Prompts.ChatMessage("user", "How do I cook rice?")], "Use a lid.", "No idea.");

    /// <summary>Runs something while another profile's feedback is being learned, and its rest afterwards.</summary>
    private async Task HoldTurnAsync(Round other, Func<Task<Func<Task>>> meanwhile)
    {
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var goOn = new ManualResetEventSlim();
        // The profile's first answer founds its state, with the turn held.
        _bench.Opened = _ =>
        {
            entered.TrySetResult();
            goOn.Wait(TestContext.Current.CancellationToken);
        };
        Task feedback = Task.Run(() => _bench.PressAsync(other.Id, Preferred.First), TestContext.Current.CancellationToken);
        await entered.Task;
        Func<Task> rest = await meanwhile();
        goOn.Set();
        await feedback;
        await rest();
    }

    private long Now => _bench.Clock.GetTimestamp();

    private async Task<PressOutcome> Press(Preferred preferred) => (await _bench.Loop.PressAsync(preferred, Now)).Outcome;
}
