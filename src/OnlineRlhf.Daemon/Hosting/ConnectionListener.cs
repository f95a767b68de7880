using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>
/// Takes connections from the daemon's socket, at most a fixed number at a time. At this limit it closes the connections that are idle.
/// Where none is idle, further clients wait in the kernel until a request has ended.
/// </summary>
internal sealed class ConnectionListener(Socket socket, byte[] refusal, TimeProvider clock, ILogger logger)
    : IConnectionListenerFactory,
        IConnectionListener
{
    // Model, profiles, lamps and the drivers of a GPU open files later on.
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

    /// <summary>Connections at a time: what the process's limit on open files leaves.</summary>
    internal int Limit { get; } = Math.Clamp(Descriptors.Limit - Descriptors.Open - DescriptorsForOthers, Fewest, Most);

    /// <summary>Where it listens.</summary>
    public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <summary>Takes the socket that is open already.</summary>
    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        _free = new SemaphoreSlim(Limit);
        _reserve = Reserve();
        return ValueTask.FromResult<IConnectionListener>(this);
    }

    /// <summary>The next connection; null at the end.</summary>
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
                    // The client has left before its turn.
                }
                catch (SocketException e) when (!_stopping.IsCancellationRequested)
                {
                    // No descriptor is free, or no memory. The socket stays readable: without a pause this would spin.
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

    /// <summary>Serves a connection to its end.</summary>
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

    /// <summary>Takes no more connections.</summary>
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

    /// <summary>Closes the connections that are idle.</summary>
    /// <param name="why">What the log says of it, once in a while.</param>
    /// <returns>Whether any was idle.</returns>
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

    /// <summary>Takes one client with the descriptor that is kept for this, and tells it to come back.</summary>
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
            // The client has left, or another part of the daemon was faster: the next one is told.
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
            // There is none to spare: the next client waits until there is.
            return null;
        }
    }
}
