namespace OnlineRlhf.Rounds;

/// <summary>One generation at a time, a short queue behind it, and a clear no beyond.</summary>
internal sealed class GenerationQueue(int length, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private int _inside;
    private long _progress;

    /// <summary>Requests inside: the one that runs and those that wait.</summary>
    internal int Inside => Volatile.Read(ref _inside);

    /// <summary>How long what runs has made no progress; zero where nothing runs.</summary>
    internal TimeSpan Standstill => Inside == 0 ? TimeSpan.Zero : clock.GetElapsedTime(Interlocked.Read(ref _progress));

    /// <summary>Says that what runs goes on.</summary>
    internal void Progressed() => Interlocked.Exchange(ref _progress, clock.GetTimestamp());

    internal async Task<T> RunAsync<T>(Func<T> generate, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _inside) > length + 1)
        {
            Interlocked.Decrement(ref _inside);
            throw new RoundException(RoundError.Busy, $"{length} requests wait already: try again in a few seconds.");
        }
        try
        {
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            Progressed();
            try
            {
                return await Task.Run(generate, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _inside);
        }
    }

    public void Dispose() => _turn.Dispose();
}
