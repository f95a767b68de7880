using System.Diagnostics;

namespace OnlineRlhf.Benchmarks.Measuring;

/// <summary>Times one action.</summary>
internal static class Clock
{
    internal static double Milliseconds(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
