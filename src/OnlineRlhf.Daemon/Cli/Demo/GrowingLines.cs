namespace OnlineRlhf.Daemon.Cli.Demo;

/// <summary>The last lines on a terminal, which are drawn anew while their text grows.</summary>
/// <param name="terminal">The terminal. Its cursor is at the beginning of an empty line.</param>
/// <param name="size">The size of the terminal in cells.</param>
internal sealed class GrowingLines(TextWriter terminal, Func<(int Width, int Height)> size)
{
    // A line that is too wide is cut, so that every line takes one row.
    private const string Cut = "\e[?7l",
        Wrap = "\e[?7h";

    private (int Width, int Height) _size;
    private int _rows;

    /// <summary>Replaces the lines. If there are more than rows, only the last ones are drawn.</summary>
    internal void Draw(IReadOnlyCollection<string> lines)
    {
        (int Width, int Height) now = size();
        // Terminals move their lines in different ways when their size changes. The lines from before stay where they are then.
        string over = _rows > 0 && now == _size ? $"\e[{_rows}A\e[J" : "";
        // The cursor stands below the lines and needs a row too.
        string[] drawn = [.. lines.TakeLast(now.Height - 1)];
        terminal.Write($"{over}{Cut}{string.Concat(drawn.Select(line => line + "\n"))}{Wrap}");
        (_size, _rows) = (now, drawn.Length);
    }

    /// <summary>Removes the lines, so that others can be printed in their place.</summary>
    internal void Erase() => Draw([]);

    /// <summary>
    /// Leaves the lines as they are. At Ctrl+C a terminal forgets what it has not shown yet, and that may be the end of the lines, behind which the
    /// terminal wraps again.
    /// </summary>
    internal void Leave() => terminal.Write(Wrap);
}
