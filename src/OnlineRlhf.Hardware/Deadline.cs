namespace OnlineRlhf.Hardware;

/// <summary>A timer that can be put off. A timer's callback may wait for a lock while the timer is set anew: it comes too early then.</summary>
/// <param name="clock">Its clock.</param>
/// <param name="callback">Called at the deadline or before; it asks <see cref="IsOver"/>, under the lock under which the deadline is set.</param>
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
