namespace OnlineRlhf.Hardware;

/// <summary>A timer that can be put off.</summary>
/// <remarks>The callback may wait for a lock while somebody sets the timer anew. It then runs too early: <see cref="IsOver"/> tells.</remarks>
/// <param name="clock">Its clock.</param>
/// <param name="callback">Runs at the deadline or before. It must ask <see cref="IsOver"/>, under the same lock as <see cref="Set"/>.</param>
internal sealed class Deadline(TimeProvider clock, Action callback) : IDisposable
{
    private readonly ITimer _timer = clock.CreateTimer(_ => callback(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    private long _start;
    private TimeSpan _wait;

    /// <summary>Sets the deadline, or puts it off.</summary>
    internal void Set(TimeSpan wait)
    {
        (_start, _wait) = (clock.GetTimestamp(), wait);
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether the time has passed since the deadline was set; where it has not, the callback comes again.</summary>
    internal bool IsOver()
    {
        TimeSpan left = _wait - clock.GetElapsedTime(_start);
        if (left <= TimeSpan.Zero)
            return true;
        // Timers count whole milliseconds.
        _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
        return false;
    }

    public void Dispose() => _timer.Dispose();
}
