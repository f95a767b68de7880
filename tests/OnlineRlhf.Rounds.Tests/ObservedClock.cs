using Microsoft.Extensions.Time.Testing;

namespace OnlineRlhf.Rounds.Tests;

/// <summary>A clock that stands still, and tells a test whenever somebody looks at it: the moments between two steps of the loop.</summary>
internal sealed class ObservedClock() : FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56))
{
    private int _inside;

    /// <summary>Called at each look, on the thread that looks; what it looks at itself is not told.</summary>
    internal Action? Looked { get; set; }

    public override DateTimeOffset GetUtcNow()
    {
        Tell();
        return base.GetUtcNow();
    }

    public override long GetTimestamp()
    {
        Tell();
        return base.GetTimestamp();
    }

    private void Tell()
    {
        if (Looked is not { } looked || Interlocked.Exchange(ref _inside, 1) == 1)
            return;
        looked();
        Volatile.Write(ref _inside, 0);
    }
}
