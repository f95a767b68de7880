using System.Net;
using System.Net.Sockets;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>A socket that clients connect to.</summary>
internal sealed class ListeningSocket(Socket socket) : IDisposable
{
    internal Socket Socket { get; } = socket;

    internal EndPoint EndPoint { get; } = socket.LocalEndPoint!;

    /// <summary>Whether it is a Unix socket. Any other one speaks TCP.</summary>
    internal bool IsLocal => Socket.AddressFamily == AddressFamily.Unix;

    public void Dispose() => Socket.Dispose();
}

/// <summary>The sockets of a daemon. Disposing closes them, and removes the Unix socket's file.</summary>
internal sealed class ListeningSockets : List<ListeningSocket>, IDisposable
{
    public void Dispose() => ForEach(socket => socket.Dispose());
}
