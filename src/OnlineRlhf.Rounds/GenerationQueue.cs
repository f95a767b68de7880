namespace OnlineRlhf.Rounds;

/// <summary>One generation at a time, a short queue behind it, and a clear no beyond.</summary>
internal sealed class GenerationQueue(int length, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private int _inside;
    private long _progress;

    /// <summary>Requests inside: the one that runs and those that wait.</summary>
    internal int Inside => Volatile.Read(ref _inside);

    /// <summary>How long what runs has made no progress; zero where nothing runs.</summary>
    internal TimeSpan Standstill
    {
        get
        {
            lock (_gate)
                return _inside == 0 ? TimeSpan.Zero : clock.GetElapsedTime(_progress);
        }
    }

    /// <summary>Says that what runs goes on.</summary>
    internal void Progressed()
    {
        lock (_gate)
            _progress = clock.GetTimestamp();
    }

    internal async Task<T> RunAsync<T>(Func<T> generate, CancellationToken cancellationToken)
    {
        Enter();
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
            lock (_gate)
                _inside--;
        }
    }

    private void Enter()
    {
        lock (_gate)
        {
            if (_inside > length)
                throw new RoundException(RoundError.Busy, $"{length} requests wait already: try again in a few seconds.");
            // An idle time is no standstill. Who comes while another runs says nothing of how that one goes on.
            if (_inside == 0)
                _progress = clock.GetTimestamp();
            _inside++;
        }
    }

    public void Dispose() => _turn.Dispose();
}
