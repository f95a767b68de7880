using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>One client's connection, and the time since its last request ended.</summary>
internal sealed partial class OpenConnection(ConnectionContext connection, Socket socket, ConnectionRoom room, TimeProvider clock)
{
    // poll.h, the same on every architecture: POLLIN, there is data to read; POLLHUP, both directions are closed.
    private const short Readable = 0x1,
        HungUp = 0x10;

    // sys/socket.h, the same on x64 and arm64. The structure of the first option is three 32-bit numbers: process, user, group.
    private const int SocketLevel = 1,
        PeerCredentials = 17,
        PeerGroupList = 59,
        MostGroups = 65_536;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    // A new client needs time to send its request. A client that has sent only part of a request after ten seconds is too slow.
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1),
        Overdue = TimeSpan.FromSeconds(10);

    // When the last request ended; zero while a request runs and before the connection is served.
    private long _idleSince;

    /// <summary>The connection behind the web server's.</summary>
    internal static OpenConnection Of(ConnectionContext context) => context.Features.Get<OpenConnection>()!;

    /// <summary>Whether it came in by the Unix socket; otherwise by TCP.</summary>
    internal bool IsLocal => socket.AddressFamily == AddressFamily.Unix;

    /// <summary>The user and the group of the process that made this Unix connection, as they were then.</summary>
    internal (uint User, uint Group) Peer
    {
        get
        {
            Span<uint> credentials = stackalloc uint[3];
            _ = socket.GetRawSocketOption(SocketLevel, PeerCredentials, MemoryMarshal.AsBytes(credentials));
            return (credentials[1], credentials[2]);
        }
    }

    /// <summary>The further groups of that process.</summary>
    internal ReadOnlySpan<uint> PeerGroups()
    {
        uint[] groups = new uint[MostGroups];
        int bytes = socket.GetRawSocketOption(SocketLevel, PeerGroupList, MemoryMarshal.AsBytes(groups.AsSpan()));
        return groups.AsSpan(0, bytes / sizeof(uint));
    }

    /// <summary>Runs a request. Meanwhile the connection does not count as idle.</summary>
    internal async Task RunAsync(Func<Task> request)
    {
        Interlocked.Exchange(ref _idleSince, 0);
        try
        {
            await request().ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Exchange(ref _idleSince, clock.GetTimestamp());
        }
    }

    /// <summary>Closes the connection if no request is running and none has arrived. Returns whether the connection was idle.</summary>
    internal bool CloseIfIdle()
    {
        long since = Interlocked.Read(ref _idleSince);
        TimeSpan time = since == 0 ? TimeSpan.Zero : clock.GetElapsedTime(since);
        // On a busy machine the daemon may not yet have read what the client sent.
        if (time < Idle || Poll(Readable) != 0)
            return false;
        if (time > Overdue)
            connection.Abort();
        else
            // This lets a request that arrives at this moment be answered.
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        return true;
    }

    /// <summary>
    /// Serves the connection. On the Unix socket, a client that closes its side for writing has sent everything and waits for the answer. The web
    /// server would think that the client has left, and would drop the answer. So it is notified only once the client has closed both sides. Over TCP
    /// both look the same, and a client that has left must not keep the model busy.
    /// </summary>
    internal async Task ServeAsync(ConnectionDelegate serve)
    {
        using var gone = new CancellationTokenSource();
        using var served = new CancellationTokenSource();
        Task watching = Task.CompletedTask;
        if (IsLocal)
        {
            watching = WatchAsync(gone, connection.ConnectionClosed, served.Token);
            connection.ConnectionClosed = gone.Token;
            connection.Transport = new RequestPipe(connection.Transport);
        }
        Interlocked.Exchange(ref _idleSince, clock.GetTimestamp());
        try
        {
            await serve(connection).ConfigureAwait(false);
        }
        finally
        {
            await served.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(false);
            room.Remove(this);
        }
    }

    /// <summary>
    /// Waits until the client has sent its last byte. Then polls whether the client is still connected, because the runtime has no event for that.
    /// </summary>
    private async Task WatchAsync(CancellationTokenSource gone, CancellationToken inputEnded, CancellationToken served)
    {
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(inputEnded, served))
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!served.IsCancellationRequested && (Poll(0) & HungUp) == 0)
            await Task.Delay(LookInterval, clock, served).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!served.IsCancellationRequested)
            await gone.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>The events that the kernel reports for the socket.</summary>
    private unsafe short Poll(short wanted)
    {
        bool held = false;
        try
        {
            socket.SafeHandle.DangerousAddRef(ref held);
            var descriptor = new PollDescriptor { Descriptor = (int)socket.SafeHandle.DangerousGetHandle(), Wanted = wanted };
            return poll(&descriptor, 1, 0) > 0 ? descriptor.Found : (short)0;
        }
        catch (ObjectDisposedException)
        {
            // The daemon closed the connection itself.
            return HungUp;
        }
        finally
        {
            if (held)
                socket.SafeHandle.DangerousRelease();
        }
    }

    [LibraryImport("libc")]
    private static unsafe partial int poll(PollDescriptor* descriptors, nuint count, int milliseconds);

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        internal int Descriptor;
        internal short Wanted;
        internal short Found;
    }
}
