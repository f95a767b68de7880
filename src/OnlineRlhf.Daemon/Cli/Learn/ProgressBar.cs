using System.Globalization;
using OnlineRlhf.Daemon.Cli.Demo;

namespace OnlineRlhf.Daemon.Cli.Learn;

/// <summary>Shows how far the run is and how long it will take. On a terminal one line replaces itself; otherwise each tenth prints a line.</summary>
internal sealed class ProgressBar(long from, long total, bool silent, TimeProvider clock)
{
    private const int Width = 30,
        Parts = 10;
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(100);
    private readonly long _start = clock.GetTimestamp();
    private long _drawn;
    private long _part = from * Parts / Math.Max(1, total);

    internal void Show(long done)
    {
        if (!Console.IsErrorRedirected)
        {
            if (_drawn != 0 && clock.GetElapsedTime(_drawn) < Redraw)
                return;
            _drawn = clock.GetTimestamp();
            int filled = (int)(done * Width / total);
            Screen.Progress($"[{new string('#', filled)}{new string('.', Width - filled)}] {Describe(done)}");
        }
        else if (!silent && done * Parts / total is var part && part > _part)
        {
            _part = part;
            Console.WriteLine(Describe(done));
        }
    }

    /// <summary>Removes the line, so that another can be printed.</summary>
    internal void Hide()
    {
        Screen.Progress("");
        _drawn = 0;
    }

    /// <summary>A duration in words: "1 h 20 min", "3 min 5 s" or "12 s".</summary>
    internal static string Words(TimeSpan time) =>
        time switch
        {
            { TotalHours: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min"),
            { TotalMinutes: >= 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{(int)Math.Ceiling(time.TotalSeconds)} s"),
        };

    private string Describe(long done)
    {
        string left = done > from && done < total ? $", {Words(clock.GetElapsedTime(_start) * ((double)(total - done) / (done - from)))} left" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{done * 100 / total} %, {done} of {Plural.Of(total, "line")}{left}");
    }
}
