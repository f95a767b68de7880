using OnlineRlhf.Hardware;

namespace OnlineRlhf.Hardware.Tests;

/// <summary>Callbacks of timers that were due, and come only after the timer was set anew: a busy machine does that.</summary>
public sealed class LateTimerTests : IDisposable
{
    private readonly MemoryRig _rig = new();
    private readonly LateClock _clock;
    private readonly List<BoardEvent> _events = [];
    private readonly Board _board;

    public LateTimerTests()
    {
        _clock = new LateClock(_rig.Clock);
        _rig.Pull(0, true);
        _rig.Pull(1, true);
        var options = new BoardOptions
        {
            Chip = "memory",
            Buttons = new Dictionary<Button, int> { [Button.First] = 0, [Button.Second] = 1 },
            Lamps = new Dictionary<Lamp, int> { [Lamp.Recorded] = 4 },
        };
        _board = new Board(options, _clock, _events.Add, _rig.Open);
        _events.Clear();
    }

    [Fact]
    public void A_bounce_at_the_end_of_the_debounce_time_is_waited_for()
    {
        _rig.Pull(0, false);
        _clock.Late = true;
        Pass(30);
        // The time is over, and the contact opens and closes before anybody was called.
        _rig.Pull(0, true);
        _rig.Pull(0, false);
        Pass(1);
        _clock.CatchUp();
        // A spark of a millisecond: it has not stayed closed.
        _rig.Pull(0, true);
        Pass(300);
        Assert.Empty(_events);
    }

    [Fact]
    public void A_finger_that_joins_at_the_end_of_the_moment_is_waited_for()
    {
        _rig.Pull(0, false);
        Pass(95);
        _rig.Pull(1, false);
        _clock.Late = true;
        // Both are due: that the second contact has stayed closed, and that the first press stood alone.
        Pass(35);
        _clock.CatchUp(newestFirst: true);
        Pass(60);
        Assert.Empty(_events);
        Pass(60);
        Assert.Equal([Button.First, Button.Second], Assert.IsType<BoardEvent.Unclear>(Assert.Single(_events)).Buttons);
    }

    [Fact]
    public void The_lamp_of_a_press_shines_for_its_whole_moment_also_right_after_another()
    {
        _board.BlinkRecorded();
        _clock.Late = true;
        Pass(400);
        _board.BlinkRecorded();
        _clock.CatchUp();
        Pass(300);
        Assert.True(_rig.IsHigh(4));
        Pass(100);
        Assert.False(_rig.IsHigh(4));
    }

    [Fact]
    public void A_press_whose_edge_was_lost_began_when_nobody_looked()
    {
        Pass(2000);
        long last = _clock.GetTimestamp();
        Pass(10);
        _rig.PullUnnoticed(0, false);
        Pass(1300);
        Assert.InRange(Assert.IsType<BoardEvent.Pressed>(Assert.Single(_events)).Began, 0, last);
    }

    public void Dispose()
    {
        _board.Dispose();
        _rig.Dispose();
    }

    private void Pass(int milliseconds) => _rig.Pass(TimeSpan.FromMilliseconds(milliseconds));

    /// <summary>A clock whose timers end in time, and whose callbacks wait where a test says so.</summary>
    private sealed class LateClock(TimeProvider clock) : TimeProvider
    {
        private readonly List<Action> _waiting = [];

        internal bool Late { get; set; }

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            clock.CreateTimer(
                s =>
                {
                    if (Late)
                        _waiting.Add(() => callback(s));
                    else
                        callback(s);
                },
                state,
                dueTime,
                period
            );

        /// <summary>Calls whoever waited.</summary>
        internal void CatchUp(bool newestFirst = false)
        {
            Late = false;
            if (newestFirst)
                _waiting.Reverse();
            _waiting.ForEach(call => call());
            _waiting.Clear();
        }
    }
}
