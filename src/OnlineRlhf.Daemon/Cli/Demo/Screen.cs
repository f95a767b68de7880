using System.Globalization;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Daemon.Cli.Demo;

/// <summary>Prints text for the user, with colours only on a terminal.</summary>
internal static class Screen
{
    private const int Width = 96;
    private static readonly bool Colour = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    internal static string Dim(string text) => Colour ? $"\e[2m{text}\e[0m" : text;

    internal static string Bold(string text) => Colour ? $"\e[1m{text}\e[0m" : text;

    internal static string Percent(double share) => share.ToString("P0", CultureInfo.InvariantCulture).Replace(" ", "", StringComparison.Ordinal);

    /// <summary>Prints an answer, wrapped and indented, with a bar at its left.</summary>
    internal static void Answer(string label, string text)
    {
        string[] lines = [.. PlainText.Of(text).Split('\n').SelectMany(Wrap)];
        for (int i = 0; i < lines.Length; i++)
            Output.Out.WriteLine($"  {Dim((i == 0 ? label : "").PadLeft(8) + " │")} {lines[i]}".TrimEnd());
    }

    /// <summary>A bar chart in one line, with one character per value from 0 to 1.</summary>
    internal static string Sparkline(IEnumerable<double> values)
    {
        const string bars = "▁▂▃▄▅▆▇█";
        return string.Concat(values.Select(v => bars[Math.Clamp((int)(v * bars.Length), 0, bars.Length - 1)]));
    }

    /// <summary>Replaces the progress line on standard error. Does nothing if that is not a terminal.</summary>
    internal static void Progress(string text)
    {
        if (!Console.IsErrorRedirected)
            Output.Error.Write($"\r\e[K{text}");
    }

    private static IEnumerable<string> Wrap(string line)
    {
        while (line.Length > Width)
        {
            int cut = line.LastIndexOf(' ', Width);
            if (cut <= 0)
                cut = Width;
            yield return line[..cut];
            line = line[cut..].TrimStart();
        }
        yield return line;
    }
}
