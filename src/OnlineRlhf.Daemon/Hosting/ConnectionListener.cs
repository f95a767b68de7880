using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>Accepts connections on one socket, while there is room for them.</summary>
internal sealed class ConnectionListener(ListeningSocket socket, ConnectionRoom room, byte[] refusal, TimeProvider clock, ILogger logger)
    : IConnectionListener
{
    private readonly SocketConnectionContextFactory _factory = new(new SocketConnectionFactoryOptions(), logger);
    private readonly CancellationTokenSource _stopping = new();
    private SafeFileHandle? _reserve = Reserve();

    /// <summary>The address of the socket.</summary>
    public EndPoint EndPoint => socket.EndPoint;

    /// <summary>Waits for the next connection; null once the listener is stopped.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            while (!await room.WaitAsync(_stopping.Token).ConfigureAwait(false))
                room.MakeRoom($"{room.Limit} are open");
            while (true)
            {
                try
                {
                    return Add(await socket.Socket.AcceptAsync(_stopping.Token).ConfigureAwait(false));
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
                {
                    // The client left before its connection was accepted.
                }
                catch (SocketException e) when (!_stopping.IsCancellationRequested)
                {
                    // No descriptor or no memory is free. The socket stays readable, so this loop would spin without a pause.
                    if (!room.MakeRoom(e.Message))
                        Refuse();
                    await Task.Delay(ConnectionRoom.Pause, clock, _stopping.Token).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException && _stopping.IsCancellationRequested)
        {
            return null;
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
        // A streamed answer is many small pieces, and each should arrive at once.
        if (!socket.IsLocal)
            accepted.NoDelay = true;
        ConnectionContext context = _factory.Create(accepted);
        var connection = new OpenConnection(context, accepted, room, clock);
        context.Features.Set(connection);
        room.Add(connection);
        return context;
    }

    /// <summary>Accepts one client with the descriptor that is reserved for this, and asks it to try again later.</summary>
    private void Refuse()
    {
        _reserve?.Dispose();
        try
        {
            if (socket.Socket.Poll(0, SelectMode.SelectRead))
            {
                using Socket refused = socket.Socket.Accept();
                Unserved.Refuse(refused, refusal);
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
