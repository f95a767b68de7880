using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>Accepts connections on all of the daemon's sockets. Clients over TCP can take no connection from those on the Unix socket.</summary>
internal sealed class ConnectionListeners : IConnectionListenerFactory, IDisposable
{
    // The model, the profiles, the lamps and the GPU drivers open files later.
    private const int DescriptorsForOthers = 64,
        Fewest = 8,
        Most = 256;

    private readonly ConnectionRoom _local,
        _remote;
    private readonly ConnectionListener[] _listeners;

    internal ConnectionListeners(IReadOnlyList<ListeningSocket> sockets, byte[] refusal, TimeProvider clock, ILogger logger)
    {
        int limit = Math.Clamp(Descriptors.Limit - Descriptors.Open - DescriptorsForOthers, Fewest, Most),
            remote = sockets.Any(s => !s.IsLocal) ? limit / 2 : 0;
        _local = new ConnectionRoom(limit - remote, clock, logger);
        _remote = new ConnectionRoom(remote, clock, logger);
        MostFollowers = (remote > 0 ? remote : limit) / 2;
        _listeners = [.. sockets.Select(s => new ConnectionListener(s, s.IsLocal ? _local : _remote, refusal, clock, logger))];
    }

    /// <summary>How many clients of one kind, Unix or TCP, may follow the events: half of those that may connect.</summary>
    internal int MostFollowers { get; }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(_listeners.Single(l => ReferenceEquals(l.EndPoint, endpoint)));

    public void Dispose()
    {
        _local.Dispose();
        _remote.Dispose();
    }
}
