using System.Globalization;
using OnlineRlhf.Daemon.Cli.Watch;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Daemon.Cli.Demo;

/// <summary>Prints text for the user, with colours only on a terminal.</summary>
internal static class Screen
{
    private const int Widest = 96,
        Narrowest = 10,
        Label = 8;
    private static readonly bool Colour = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    /// <summary>Whether lines can be drawn anew. A dumb terminal cannot move its cursor.</summary>
    internal static bool IsMovable => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    /// <summary>The cells for an answer's text. A terminal that is narrower than usual needs shorter lines.</summary>
    private static int Width => Console.IsOutputRedirected ? Widest : Math.Clamp(Terminal.Size.Width - Label - 6, Narrowest, Widest);

    internal static string Dim(string text) => Colour ? $"\e[2m{text}\e[0m" : text;

    internal static string Bold(string text) => Colour ? $"\e[1m{text}\e[0m" : text;

    internal static string Percent(double share) => share.ToString("P0", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal);

    /// <summary>Prints an answer, wrapped and indented, with a bar at its left.</summary>
    internal static void Answer(string label, string text)
    {
        foreach (string line in AnswerLines(label, PlainText.Of(text)))
            Output.Out.WriteLine(line);
    }

    /// <summary>The lines of an answer.</summary>
    internal static IEnumerable<string> AnswerLines(string label, string plain) =>
        TerminalText.Wrap(plain, Width).Select((line, i) => $"  {Dim((i == 0 ? label : "").PadLeft(Label) + " │")} {line}".TrimEnd());

    /// <summary>A bar chart in one line, with one character per value from 0 to 1.</summary>
    internal static string Sparkline(IEnumerable<double> values)
    {
        const string bars = "▁▂▃▄▅▆▇█";
        return string.Concat(values.Select(v => bars[Math.Clamp((int)(v * bars.Length), 0, bars.Length - 1)]));
    }

    /// <summary>
    /// Replaces the progress line on standard error. It is cut at the terminal's edge, because a second row could not be replaced. Does nothing if
    /// standard error is not a terminal.
    /// </summary>
    internal static void Progress(string text)
    {
        if (!Console.IsErrorRedirected)
            Output.Error.Write(text.Length > 0 ? $"\e[?7l\r\e[K{text}\e[?7h" : "\e[?7h\r\e[K");
    }
}
