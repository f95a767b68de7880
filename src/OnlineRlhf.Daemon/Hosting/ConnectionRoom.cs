namespace OnlineRlhf.Daemon.Hosting;

/// <summary>
/// The open connections of one kind, Unix or TCP, up to a fixed number. At this limit idle connections are closed. If none is idle, further clients
/// wait in the kernel until a request ends.
/// </summary>
internal sealed class ConnectionRoom(int limit, TimeProvider clock, ILogger logger) : IDisposable
{
    internal static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(10);

    private readonly Lock _gate = new();
    private readonly HashSet<OpenConnection> _connections = [];
    private readonly SemaphoreSlim _free = new(limit);
    private long? _told;
    private bool _disposed;

    /// <summary>How many connections may be open at a time.</summary>
    internal int Limit { get; } = limit;

    /// <summary>Waits for a moment until a further connection has room; false if it has none.</summary>
    internal Task<bool> WaitAsync(CancellationToken stopping) => _free.WaitAsync(Pause, stopping);

    internal void Add(OpenConnection connection)
    {
        lock (_gate)
            _connections.Add(connection);
    }

    internal void Remove(OpenConnection connection)
    {
        lock (_gate)
        {
            _connections.Remove(connection);
            // At a stop, a connection may outlive the room.
            if (!_disposed)
                _free.Release();
        }
    }

    /// <summary>Closes idle connections.</summary>
    /// <param name="why">The reason for the log, which is written at most every ten minutes.</param>
    /// <returns>Whether any connection was idle.</returns>
    internal bool MakeRoom(string why)
    {
        OpenConnection[] open;
        lock (_gate)
        {
            open = [.. _connections];
            if (_told is not { } last || clock.GetElapsedTime(last) > LogInterval)
            {
                _told = clock.GetTimestamp();
                logger.ConnectionsUsedUp(why);
            }
        }
        bool anyIdle = false;
        foreach (OpenConnection connection in open)
            anyIdle |= connection.CloseIfIdle();
        return anyIdle;
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _free.Dispose();
        }
    }
}
