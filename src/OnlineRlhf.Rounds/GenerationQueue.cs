namespace OnlineRlhf.Rounds;

/// <summary>One generation at a time, a short queue behind it, and a clear no beyond.</summary>
internal sealed class GenerationQueue(int length, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private int _inside;
    private long _progress;

    /// <summary>Requests inside: the one that runs and those that wait.</summary>
    internal int Inside => Volatile.Read(ref _inside);

    /// <summary>How long what runs has made no progress; zero where nothing runs.</summary>
    internal TimeSpan TimeSinceProgress
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
        long now = clock.GetTimestamp();
        lock (_gate)
            _progress = now;
    }

    /// <summary>Runs a generation as soon as it is its turn. Its token is cancelled with the caller's, and when the queue is closed.</summary>
    /// <exception cref="RoundException">Too many wait already.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    internal async Task<T> RunAsync<T>(Func<CancellationToken, T> generate, CancellationToken cancellationToken)
    {
        Enter();
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
            await _turn.WaitAsync(either.Token).ConfigureAwait(false);
            Progressed();
            try
            {
                return await Task.Run(() => generate(either.Token), either.Token).ConfigureAwait(false);
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(PreferenceLoop));
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

    /// <summary>Cancels what runs and what waits, and returns once nothing runs any more: the model may be freed then.</summary>
    public void Dispose()
    {
        // Neither the semaphore nor the source is disposed: whoever holds one of them still uses it.
        _closing.Cancel();
        _turn.Wait();
        _turn.Release();
    }
}
