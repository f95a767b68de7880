namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>Runs one generation at a time, lets a few requests wait, and refuses further ones.</summary>
internal sealed class GenerationQueue(int length, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private CancellationTokenSource? _idle;
    private int _inside,
        _hasty;
    private long _progress;

    /// <summary>How many requests run or wait.</summary>
    internal int Inside => Volatile.Read(ref _inside);

    /// <summary>How long ago the running request last made progress; zero if none runs.</summary>
    internal TimeSpan TimeSinceProgress
    {
        get
        {
            lock (_gate)
                return _inside == 0 ? TimeSpan.Zero : clock.GetElapsedTime(_progress);
        }
    }

    /// <summary>Notes that the running request made progress.</summary>
    internal void Progressed()
    {
        long now = clock.GetTimestamp();
        lock (_gate)
            _progress = now;
    }

    /// <summary>Runs a generation when its turn comes. Its token is cancelled with the caller's token, and when the queue is closed.</summary>
    /// <exception cref="RoundException">Too many requests wait already.</exception>
    /// <exception cref="ObjectDisposedException">The queue is closed.</exception>
    internal Task<T> RunAsync<T>(Func<CancellationToken, T> generate, CancellationToken cancellationToken) =>
        RunAsync<T>((_, token) => generate(token), isPatient: false, cancellationToken);

    /// <summary>
    /// The same for a generation that may serve its result early, by the first argument, and go on. From then on it counts as idle: the token that it
    /// gets is cancelled by the next request.
    /// </summary>
    /// <param name="generate">The generation.</param>
    /// <param name="isPatient">Whether it lets an idle generation end by itself, as nobody waits for it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal async Task<T> RunAsync<T>(
        Func<Func<T, CancellationToken>, CancellationToken, T> generate,
        bool isPatient,
        CancellationToken cancellationToken
    )
    {
        Enter(isPatient);
        var early = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
            await _turn.WaitAsync(either.Token).ConfigureAwait(false);
            Progressed();
            Task<T> whole = Task.Run(() => Generate(generate, Serve, either.Token), CancellationToken.None);
            await Task.WhenAny(early.Task, whole).ConfigureAwait(false);
            // A result that was served stands, even if the generation has failed since.
            return await (early.Task.IsCompleted ? early.Task : whole).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(PreferenceLoop));
        }
        finally
        {
            lock (_gate)
            {
                _inside--;
                _hasty -= isPatient ? 0 : 1;
            }
        }

        CancellationToken Serve(T result)
        {
            CancellationToken ended;
            lock (_gate)
            {
                _idle = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
                ended = _idle.Token;
                // Requests that wait already end it at once.
                if (_hasty > (isPatient ? 0 : 1))
                    _idle.Cancel();
            }
            early.TrySetResult(result);
            return ended;
        }
    }

    private T Generate<T>(
        Func<Func<T, CancellationToken>, CancellationToken, T> generate,
        Func<T, CancellationToken> serve,
        CancellationToken cancellationToken
    )
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return generate(serve, cancellationToken);
        }
        finally
        {
            lock (_gate)
            {
                _idle?.Dispose();
                _idle = null;
            }
            _turn.Release();
        }
    }

    private void Enter(bool isPatient)
    {
        lock (_gate)
        {
            if (!isPatient)
                _idle?.Cancel();
            if (_inside > length)
                throw new RoundException(RoundError.Busy, $"{length} requests wait already: try again in a few seconds.");
            // Reset the clock only if the queue was idle. A request that arrives while another one runs is no progress of that one.
            if (_inside == 0)
                _progress = clock.GetTimestamp();
            _inside++;
            _hasty += isPatient ? 0 : 1;
        }
    }

    /// <summary>Cancels all running and waiting requests, and returns when none runs any more. Then the caller may free the model.</summary>
    public void Dispose()
    {
        // Do not dispose the semaphore and the token source: the cancelled requests still use them.
        _closing.Cancel();
        _turn.Wait();
        _turn.Release();
    }
}
