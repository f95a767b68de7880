using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>One client's connection, and how long no request of it has run.</summary>
internal sealed partial class OpenConnection(ConnectionContext connection, Socket socket, TimeProvider clock)
{
    // poll.h, the same on every architecture: there is something to read; both directions are closed.
    private const short Readable = 0x1,
        HungUp = 0x10;

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(100);

    // A client that has just come has had no time to ask; one that has sent a part of a request has had more than enough.
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1),
        Overdue = TimeSpan.FromSeconds(10);

    // When it was last used; zero before it is served, and while a request runs.
    private long _idleSince;

    /// <summary>Runs a request of it.</summary>
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

    /// <summary>Closes it where no request of it runs or has come; says whether it does.</summary>
    internal bool CloseIfIdle()
    {
        long since = Interlocked.Read(ref _idleSince);
        TimeSpan time = since == 0 ? TimeSpan.Zero : clock.GetElapsedTime(since);
        // A busy machine may not have read yet what the client has sent.
        if (time < Idle || Poll(Readable) != 0)
            return false;
        if (time > Overdue)
            connection.Abort();
        else
            // A request that comes at this moment is answered all the same.
            connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.RequestClose();
        return true;
    }

    /// <summary>
    /// Serves it. A client that closes its side for writing has said all, and waits for the answer. The web server takes it for one that has left,
    /// and drops the answer: so it is told of the end only once the client has closed both sides.
    /// </summary>
    internal async Task ServeAsync(ConnectionDelegate serve)
    {
        using var gone = new CancellationTokenSource();
        using var served = new CancellationTokenSource();
        Task watching = WatchAsync(gone, connection.ConnectionClosed, served.Token);
        connection.ConnectionClosed = gone.Token;
        connection.Transport = new RequestPipe(connection.Transport);
        Interlocked.Exchange(ref _idleSince, clock.GetTimestamp());
        try
        {
            await serve(connection).ConfigureAwait(false);
        }
        finally
        {
            await served.CancelAsync().ConfigureAwait(false);
            await watching.ConfigureAwait(false);
        }
    }

    /// <summary>Waits for the client's last byte, then looks now and then whether the client is there: the runtime has no event for that.</summary>
    private async Task WatchAsync(CancellationTokenSource gone, CancellationToken inputEnded, CancellationToken served)
    {
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(inputEnded, served))
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (!served.IsCancellationRequested && (Poll(0) & HungUp) == 0)
            await Task.Delay(LookInterval, clock, served).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!served.IsCancellationRequested)
            await gone.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>What the kernel reports of the socket.</summary>
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
            // The daemon has closed the connection itself.
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
