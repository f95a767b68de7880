using OnlineRlhf.Daemon.Cli.Demo;

namespace OnlineRlhf.Daemon.Tests.Demo;

/// <summary>What is sent to a terminal whose last lines grow.</summary>
public sealed class GrowingLinesTests : IDisposable
{
    private readonly StringWriter _terminal = new();
    private (int Width, int Height) _size = (80, 5);

    public void Dispose() => _terminal.Dispose();

    [Fact]
    public void Lines_are_drawn_over_those_before_and_the_place_is_free_in_the_end()
    {
        GrowingLines lines = new(_terminal, () => _size);
        lines.Draw(["one"]);
        lines.Draw(["one two", "three"]);
        lines.Erase();
        lines.Draw(["four"]);
        Assert.Equal(
            "\e[?7lone\n\e[?7h" + "\e[1A\e[J\e[?7lone two\nthree\n\e[?7h" + "\e[2A\e[J\e[?7l\e[?7h" + "\e[?7lfour\n\e[?7h",
            _terminal.ToString()
        );
    }

    [Fact]
    public void Lines_that_are_left_stay_and_the_terminal_wraps_again()
    {
        GrowingLines lines = new(_terminal, () => _size);
        lines.Draw(["one"]);
        lines.Leave();
        Assert.Equal("\e[?7lone\n\e[?7h\e[?7h", _terminal.ToString());
    }

    [Fact]
    public void A_low_terminal_shows_the_last_lines()
    {
        GrowingLines lines = new(_terminal, () => _size);
        lines.Draw(["1", "2", "3", "4", "5", "6"]);
        lines.Erase();
        Assert.Equal("\e[?7l3\n4\n5\n6\n\e[?7h\e[4A\e[J\e[?7l\e[?7h", _terminal.ToString());
    }

    [Fact]
    public void After_a_change_of_size_nothing_is_drawn_over()
    {
        GrowingLines lines = new(_terminal, () => _size);
        lines.Draw(["one"]);
        _size = (40, 5);
        lines.Draw(["one two"]);
        lines.Draw(["one two three"]);
        Assert.Equal("\e[?7lone\n\e[?7h\e[?7lone two\n\e[?7h\e[1A\e[J\e[?7lone two three\n\e[?7h", _terminal.ToString());
    }
}
