using OnlineRlhf.Hardware;

namespace OnlineRlhf.Hardware.Tests;

/// <summary>
/// What every chip must do for buttons and lamps. Buttons pull their line low: first on line 0, second on 1, skip on 2; lamps on 3 and 4.
/// </summary>
public abstract class BoardContract : IDisposable
{
    private const int FirstLine = 0,
        SecondLine = 1,
        SkipLine = 2,
        ThinkingLine = 3,
        RecordedLine = 4;

    private static readonly TimeSpan Debounce = TimeSpan.FromMilliseconds(30),
        Long = TimeSpan.FromMilliseconds(300);

    private readonly List<BoardEvent> _events = [];
    private readonly IRig _rig;
    private Board? _board;

    private protected BoardContract(IRig rig)
    {
        _rig = rig;
        foreach (int line in (int[])[FirstLine, SecondLine, SkipLine])
            rig.Pull(line, true);
    }

    private Board Opened => _board ??= Open();

    [Fact]
    public void A_press_counts_once()
    {
        _ = Opened;
        Press(FirstLine);
        Assert.Equal([Button.First], Presses());
        Press(SecondLine);
        Press(FirstLine);
        Press(SkipLine);
        Assert.Equal([Button.First, Button.Second, Button.First, Button.Skip], Presses());
        Assert.Empty(Unclear());
    }

    [Fact]
    public void A_press_says_when_the_finger_came()
    {
        _ = Opened;
        long before = _rig.Clock.GetTimestamp();
        _rig.Pull(FirstLine, false);
        long after = _rig.Clock.GetTimestamp();
        _rig.Pass(Long);
        BoardEvent.Pressed press = Assert.IsType<BoardEvent.Pressed>(Happened()[^1]);
        Assert.InRange(
            _rig.Clock.GetElapsedTime(before, press.Began),
            TimeSpan.Zero,
            _rig.Clock.GetElapsedTime(before, after) + TimeSpan.FromMilliseconds(20)
        );
    }

    [Fact]
    public void A_button_that_is_held_counts_once()
    {
        _ = Opened;
        _rig.Pull(FirstLine, false);
        for (int i = 0; i < 20; i++)
            _rig.Pass(Long);
        _rig.Pull(FirstLine, true);
        _rig.Pass(Long);
        Assert.Equal([Button.First], Presses());
    }

    [Fact]
    public void A_button_held_at_the_start_counts_only_once_it_was_let_go()
    {
        _rig.Pull(FirstLine, false);
        _ = Opened;
        _rig.Pass(Long);
        Assert.Contains(new BoardEvent.Held(Button.First), Happened());
        _rig.Pull(FirstLine, true);
        _rig.Pass(Long);
        Assert.Empty(Presses());
        Press(FirstLine);
        Assert.Equal([Button.First], Presses());
    }

    [Fact]
    public void A_button_that_is_stuck_does_not_keep_the_others_from_working()
    {
        _rig.Pull(FirstLine, false);
        _ = Opened;
        Press(SecondLine);
        Assert.Empty(Unclear());
        Assert.Equal([Button.Second], Presses());
    }

    [Fact]
    public void Both_buttons_at_once_count_for_nothing_and_say_so()
    {
        _ = Opened;
        _rig.Pull(FirstLine, false);
        _rig.Pull(SecondLine, false);
        _rig.Pass(Long);
        _rig.Pull(FirstLine, true);
        _rig.Pull(SecondLine, true);
        _rig.Pass(Long);
        Assert.Empty(Presses());
        Assert.Equal([Button.First, Button.Second], Assert.Single(Unclear()).Buttons);
        Press(SecondLine);
        Assert.Equal([Button.Second], Presses());
    }

    [Fact]
    public void A_button_pressed_while_another_is_held_counts_for_nothing_and_says_so()
    {
        _ = Opened;
        _rig.Pull(FirstLine, false);
        _rig.Pass(Long);
        Press(SecondLine);
        _rig.Pull(FirstLine, true);
        _rig.Pass(Long);
        Assert.Equal([Button.First], Presses());
        Assert.Equal([Button.First, Button.Second], Assert.Single(Unclear()).Buttons);
    }

    [Fact]
    public void Lamps_shine_and_go_out()
    {
        Board board = Opened;
        Assert.False(_rig.IsHigh(ThinkingLine));
        board.Set(Lamp.Thinking, true);
        Assert.True(_rig.IsHigh(ThinkingLine));
        board.Set(Lamp.Thinking, false);
        Assert.False(_rig.IsHigh(ThinkingLine));
        board.Set(Lamp.Ready, true);
        board.BlinkRecorded();
        Assert.True(_rig.IsHigh(RecordedLine));
        _rig.Pass(TimeSpan.FromSeconds(1));
        Assert.False(_rig.IsHigh(RecordedLine));
    }

    [Fact]
    public void The_board_gives_its_lines_back()
    {
        Opened.Set(Lamp.Thinking, true);
        _board!.Dispose();
        Press(FirstLine);
        Assert.Empty(Presses());
        _board = null;
        _rig.Pass(Long);
        _ = Opened;
        Assert.Null(Opened.Problem);
        Press(FirstLine);
        Assert.Equal([Button.First], Presses());
    }

    [Fact]
    public void A_chip_that_is_not_there_is_reported_once_and_tried_again()
    {
        using var board = new Board(Options() with { Chip = "nobody" }, _rig.Clock, Note, _rig.Open);
        Assert.NotNull(board.Problem);
        _rig.Pass(TimeSpan.FromSeconds(11));
        Assert.Single(Happened().OfType<BoardEvent.Lost>());
        Assert.Contains("nobody", board.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chip_that_was_lost_is_reported_and_works_again_once_it_is_back()
    {
        Board board = Opened;
        board.Set(Lamp.Thinking, true);
        if (!_rig.TryUnplug(away: true))
            Assert.Skip("this chip cannot be unplugged");
        _rig.Pass(TimeSpan.FromSeconds(1));
        Assert.Single(Happened().OfType<BoardEvent.Lost>());
        board.Set(Lamp.Ready, true);
        board.Set(Lamp.Thinking, false);
        board.Set(Lamp.Thinking, true);
        _rig.Pass(TimeSpan.FromSeconds(60));
        Assert.Single(Happened().OfType<BoardEvent.Lost>());
        Assert.True(_rig.TryUnplug(away: false));
        _rig.Pass(TimeSpan.FromSeconds(5));
        Assert.Equal(2, Happened().OfType<BoardEvent.Opened>().Count());
        Assert.True(_rig.IsHigh(ThinkingLine));
        Assert.Null(board.Problem);
        Press(SecondLine);
        Assert.Equal([Button.Second], Presses());
    }

    public void Dispose()
    {
        _board?.Dispose();
        _rig.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected BoardOptions Options() =>
        new()
        {
            Chip = _rig.Chip,
            Buttons = new Dictionary<Button, int>
            {
                [Button.First] = FirstLine,
                [Button.Second] = SecondLine,
                [Button.Skip] = SkipLine,
            },
            Lamps = new Dictionary<Lamp, int> { [Lamp.Thinking] = ThinkingLine, [Lamp.Recorded] = RecordedLine },
            Debounce = Debounce,
            Bias = _rig.Bias,
        };

    private protected Board Open() => new(Options(), _rig.Clock, Note, _rig.Open);

    private protected void Press(int line)
    {
        _rig.Pull(line, false);
        _rig.Pass(Long);
        _rig.Pull(line, true);
        _rig.Pass(Long);
    }

    private protected void Note(BoardEvent happened)
    {
        lock (_events)
            _events.Add(happened);
    }

    private protected BoardEvent[] Happened()
    {
        lock (_events)
            return [.. _events];
    }

    private protected Button[] Presses() => [.. Happened().OfType<BoardEvent.Pressed>().Select(p => p.Button)];

    private protected BoardEvent.Unclear[] Unclear() => [.. Happened().OfType<BoardEvent.Unclear>()];
}

/// <summary>The contract on a chip in memory.</summary>
public sealed class MemoryBoardTests() : BoardContract(new MemoryRig());
