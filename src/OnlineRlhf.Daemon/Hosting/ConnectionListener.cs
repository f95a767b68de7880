using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>
/// Accepts connections on the daemon's socket, up to a fixed number at a time. At this limit it closes idle connections. If none is idle, further
/// clients wait in the kernel until a request ends.
/// </summary>
internal sealed class ConnectionListener(Socket socket, byte[] refusal, TimeProvider clock, ILogger logger)
    : IConnectionListenerFactory,
        IConnectionListener
{
    // The model, the profiles, the lamps and the GPU drivers open files later.
    private const int DescriptorsForOthers = 64,
        Fewest = 8,
        Most = 256;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100),
        LogInterval = TimeSpan.FromMinutes(10);

    private readonly SocketConnectionContextFactory _factory = new(new SocketConnectionFactoryOptions(), logger);
    private readonly Lock _gate = new();
    private readonly HashSet<OpenConnection> _connections = [];
    private readonly CancellationTokenSource _stopping = new();
    private SemaphoreSlim? _free;
    private SafeFileHandle? _reserve;
    private long? _told;

    /// <summary>How many connections may be open at a time. The process's limit on open files determines it.</summary>
    internal int Limit { get; } = Math.Clamp(Descriptors.Limit - Descriptors.Open - DescriptorsForOthers, Fewest, Most);

    /// <summary>The address of the socket.</summary>
    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <summary>Prepares to accept connections. The socket is already listening.</summary>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        _free = new SemaphoreSlim(Limit);
        _reserve = Reserve();
        return ValueTask.FromResult<IConnectionListener>(this);
    }

    /// <summary>Waits for the next connection; null once the listener is stopped.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            while (!await _free!.WaitAsync(Pause, _stopping.Token).ConfigureAwait(false))
                MakeRoom($"{Limit} are open");
            while (true)
            {
                try
                {
                    return Add(await socket.AcceptAsync(_stopping.Token).ConfigureAwait(false));
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
                {
                    // The client left before its connection was accepted.
                }
                catch (SocketException e) when (!_stopping.IsCancellationRequested)
                {
                    // No descriptor or no memory is free. The socket stays readable, so this loop would spin without a pause.
                    if (!MakeRoom(e.Message))
                        Refuse();
                    await Task.Delay(Pause, clock, _stopping.Token).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException && _stopping.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Serves a connection until it ends.</summary>
    internal async Task ServeAsync(ConnectionContext context, ConnectionDelegate serve)
    {
        OpenConnection connection = context.Features.Get<OpenConnection>()!;
        try
        {
            await connection.ServeAsync(serve).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
                _connections.Remove(connection);
            _free!.Release();
        }
    }

    /// <summary>Stops accepting connections.</summary>
    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync().ConfigureAwait(false);
        _reserve?.Dispose();
        _factory.Dispose();
    }

    private ConnectionContext Add(Socket accepted)
    {
        ConnectionContext context = _factory.Create(accepted);
        var connection = new OpenConnection(context, accepted, clock);
        context.Features.Set(connection);
        lock (_gate)
            _connections.Add(connection);
        return context;
    }

    /// <summary>Closes idle connections.</summary>
    /// <param name="why">The reason for the log, which is written at most every ten minutes.</param>
    /// <returns>Whether any connection was idle.</returns>
    private bool MakeRoom(string why)
    {
        OpenConnection[] open;
        lock (_gate)
            open = [.. _connections];
        if (_told is not { } last || clock.GetElapsedTime(last) > LogInterval)
        {
            _told = clock.GetTimestamp();
            logger.ConnectionsUsedUp(why);
        }
        bool anyIdle = false;
        foreach (OpenConnection connection in open)
            anyIdle |= connection.CloseIfIdle();
        return anyIdle;
    }

    /// <summary>Accepts one client with the descriptor that is reserved for this, and asks it to try again later.</summary>
    private void Refuse()
    {
        _reserve?.Dispose();
        try
        {
            if (socket.Poll(0, SelectMode.SelectRead))
            {
                using Socket refused = socket.Accept();
                UnixSocket.Refuse(refused, refusal);
            }
        }
        catch (SocketException)
        {
            // The client left, or another part of the daemon took the descriptor. The next client gets the answer.
        }
        _reserve = Reserve();
    }

    private static SafeFileHandle? Reserve()
    {
        try
        {
            return File.OpenHandle("/dev/null");
        }
        catch (IOException)
        {
            // No descriptor is free. The next client waits until one is.
            return null;
        }
    }
}
