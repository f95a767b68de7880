using OnlineRlhf.Hardware;

namespace OnlineRlhf.Hardware.Tests;

/// <summary>Contacts to the millisecond, and wirings that cannot be.</summary>
public sealed class ContactTests : IDisposable
{
    private readonly MemoryRig _rig = new();
    private readonly List<BoardEvent> _events = [];

    public ContactTests() => (_rig as IRig).Pull(0, true);

    public static TheoryData<int[]> Bounces =>
        new()
        {
            { [1, 1, 2, 3, 1] },
            { [0, 29, 29, 29, 29] },
            { [5, 1, 1, 1, 1, 1, 1, 1, 1] },
        };

    [Theory]
    [MemberData(nameof(Bounces))]
    public void A_contact_that_bounces_counts_once(int[] milliseconds)
    {
        ArgumentNullException.ThrowIfNull(milliseconds);
        using Board board = Open();
        long start = _rig.Clock.GetTimestamp();
        foreach (bool down in (bool[])[true, false])
        {
            bool high = !down;
            _rig.Pull(0, high);
            foreach (int wait in milliseconds)
            {
                Pass(wait);
                _rig.Pull(0, !high);
                Pass(1);
                _rig.Pull(0, high);
            }
            Pass(300);
        }
        BoardEvent.Pressed press = Assert.Single(_events.OfType<BoardEvent.Pressed>());
        Assert.Equal(start, press.Began);
        Assert.Empty(_events.OfType<BoardEvent.Unclear>());
    }

    [Fact]
    public void A_spark_that_is_shorter_than_the_debounce_time_is_nothing()
    {
        using Board board = Open();
        for (int i = 0; i < 50; i++)
        {
            _rig.Pull(0, false);
            Pass(10);
            _rig.Pull(0, true);
            Pass(50);
        }
        Assert.IsType<BoardEvent.Opened>(Assert.Single(_events));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(60)]
    [InlineData(110)]
    public void Fingers_that_come_one_after_the_other_within_a_moment_are_unclear(int apart)
    {
        using Board board = Open();
        _rig.Pull(0, false);
        Pass(apart);
        _rig.Pull(1, false);
        Pass(300);
        Assert.Empty(_events.OfType<BoardEvent.Pressed>());
        Assert.Equal([Button.First, Button.Second], Assert.Single(_events.OfType<BoardEvent.Unclear>()).Buttons);
    }

    [Fact]
    public void A_button_pressed_twice_within_a_moment_is_unclear()
    {
        using Board board = Open();
        _rig.Pull(0, false);
        Pass(40);
        _rig.Pull(0, true);
        Pass(35);
        _rig.Pull(0, false);
        Pass(300);
        Assert.Empty(_events.OfType<BoardEvent.Pressed>());
        Assert.Equal([Button.First], Assert.Single(_events.OfType<BoardEvent.Unclear>()).Buttons);
    }

    [Fact]
    public void An_edge_that_was_lost_is_found_within_a_second()
    {
        using Board board = Open();
        _rig.PullUnnoticed(0, false);
        Pass(1000);
        Pass(300);
        Assert.Equal(Button.First, Assert.Single(_events.OfType<BoardEvent.Pressed>()).Button);
    }

    [Fact]
    public void A_line_has_one_use()
    {
        BoardOptions twice = Options() with { Lamps = new Dictionary<Lamp, int> { [Lamp.Error] = 1 } };
        Assert.Contains(
            "Line 1",
            Assert.Throws<ArgumentException>(() => new Board(twice, _rig.Clock, _events.Add, _rig.Open)).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<ArgumentException>(() =>
            new Board(Options() with { Buttons = new Dictionary<Button, int>() }, _rig.Clock, _events.Add, _rig.Open)
        );
    }

    [Fact]
    public void A_chip_without_resistors_says_what_to_wire()
    {
        _rig.HasResistors = false;
        using (Board board = Open())
            Assert.Contains("button_bias to none", board.Problem, StringComparison.Ordinal);
        using Board without = new(Options() with { Bias = Bias.None }, _rig.Clock, _events.Add, _rig.Open);
        Assert.Null(without.Problem);
    }

    [Fact]
    public void Buttons_that_pull_up_and_lamps_that_shine_on_low_work_the_other_way_round()
    {
        (_rig as IRig).Pull(0, false);
        (_rig as IRig).Pull(1, false);
        using Board board = new(
            Options() with
            {
                ButtonsActiveLow = false,
                Bias = Bias.Down,
                LampsActiveLow = true,
            },
            _rig.Clock,
            _events.Add,
            _rig.Open
        );
        Assert.True(_rig.IsHigh(3));
        board.Set(Lamp.Error, true);
        Assert.False(_rig.IsHigh(3));
        _rig.Pull(1, true);
        Pass(300);
        Assert.Equal(Button.Second, Assert.Single(_events.OfType<BoardEvent.Pressed>()).Button);
    }

    [Fact]
    public void Without_libgpiod_or_a_chip_the_board_says_what_to_install_or_to_choose()
    {
        using Board board = new(Options() with { Chip = "no such label" }, _rig.Clock, _events.Add);
        Assert.Matches("apt install libgpiod|gpiodetect|no GPIO chip", board.Problem);
    }

    public void Dispose() => _rig.Dispose();

    private static BoardOptions Options() =>
        new()
        {
            Chip = "memory",
            Buttons = new Dictionary<Button, int> { [Button.First] = 0, [Button.Second] = 1 },
            Lamps = new Dictionary<Lamp, int> { [Lamp.Error] = 3 },
        };

    private Board Open()
    {
        _rig.Pull(1, true);
        return new Board(Options(), _rig.Clock, _events.Add, _rig.Open);
    }

    private void Pass(int milliseconds) => _rig.Pass(TimeSpan.FromMilliseconds(milliseconds));
}
