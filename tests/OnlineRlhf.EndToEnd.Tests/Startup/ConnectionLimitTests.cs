using System.Net.Sockets;
using System.Text;

namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>Clients that hold connections take neither the last descriptor nor a processor from the others.</summary>
public sealed class ConnectionLimitTests
{
    private const int OpenFiles = 400, Clients = 500;
    private const string Logged = "No further connection fits", Events = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";

    [PublishedFact]
    public async Task Connections_that_ask_nothing_make_room()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.StartWithFewFiles(folder, OpenFiles);
        await daemon.WaitUntilReadyAsync();
        using var held = await Held.OpenAsync(daemon, Clients, null);
        TimeSpan before = daemon.ProcessorTime;
        await Task.Delay(1000, TestContext.Current.CancellationToken);

        Assert.InRange((daemon.ProcessorTime - before).TotalMilliseconds, 0, 300);
        using var late = new Client(folder.Socket);
        // A profile's first press opens files.
        Assert.Equal(1, (await late.PreferAsync((await late.AskForTwoAsync(profile: "late")).Id, "first")).Comparisons);
        Assert.Equal(2, daemon.Log.Split(Logged).Length);
    }

    [PublishedFact]
    public async Task Followers_leave_room_for_requests_and_those_that_find_none_are_told()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.StartWithFewFiles(folder, OpenFiles);
        await daemon.WaitUntilReadyAsync();
        Reply refused;
        using (var held = await Held.OpenAsync(daemon, Clients, Events))
        {
            refused = await daemon.Client.GetAsync("/v1/events");
            Assert.Equal(201, (await daemon.Client.AskAsync("Hello")).Status);
            Program.Ended watch = await Program.RunAsync(folder, "status");
            Assert.Equal(0, watch.ExitCode);
        }

        refused.MustBeProblem(503, "follow");
        Assert.NotNull(refused.RetryAfter);
        await using EventStream events = await EventStream.OpenAsync(daemon);
        while (events.ContentType != "text/event-stream")
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
            await using EventStream again = await EventStream.OpenAsync(daemon);
            if (again.ContentType == "text/event-stream")
                break;
        }
    }

    [PublishedFact]
    public async Task Without_a_free_descriptor_a_client_is_told_and_the_next_one_is_served_once_there_is_one()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        // Those that follow are not idle: none of them is closed for another.
        using var held = await Held.OpenAsync(daemon, 4, Events);
        await held.ReceiveAsync();
        daemon.Client.Dispose();
        await Task.Delay(500, TestContext.Current.CancellationToken);
        int highest = Directory.EnumerateFileSystemEntries($"/proc/{daemon.Id}/fd").Max(f => int.Parse(Path.GetFileName(f), System.Globalization.CultureInfo.InvariantCulture));
        using var late = new Client(folder.Socket);
        int limit = OpenFiles;
        // Every number below the limit is taken: holes are filled by connections.
        for (Posix.LimitOpenFiles(daemon.Id, highest + 1); ; await held.AddAsync(daemon, Events))
        {
            string answer = await late.ExchangeAsync("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
            if (answer.StartsWith("HTTP/1.1 503 ", StringComparison.Ordinal))
            {
                Assert.Contains("Retry-After", answer, StringComparison.Ordinal);
                Assert.Contains("\"busy\"", answer, StringComparison.Ordinal);
                break;
            }
            Assert.True(--limit > 0, answer);
        }
        TimeSpan before = daemon.ProcessorTime;
        Task<Reply> waiting = late.GetAsync("/health");
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        Assert.InRange((daemon.ProcessorTime - before).TotalMilliseconds, 0, 300);
        Assert.Equal(2, daemon.Log.Split(Logged).Length);
        Posix.LimitOpenFiles(daemon.Id, 1024);

        Assert.Contains((await waiting).Status, new[] { 200, 503 });
        Assert.Equal(200, (await late.GetAsync("/health")).Status);
    }

    /// <summary>Clients that hold their connections.</summary>
    private sealed class Held : IDisposable
    {
        private readonly List<Socket> _sockets = [];

        internal static async Task<Held> OpenAsync(DaemonProcess daemon, int clients, string? request)
        {
            var held = new Held();
            for (int i = 0; i < clients; i++)
                await held.AddAsync(daemon, request);
            return held;
        }

        internal async Task AddAsync(DaemonProcess daemon, string? request)
        {
            Socket socket = await daemon.Client.ConnectAsync(TestContext.Current.CancellationToken);
            _sockets.Add(socket);
            if (request is not null)
                await socket.SendAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        }

        /// <summary>Waits until each has got something.</summary>
        internal async Task ReceiveAsync()
        {
            byte[] some = new byte[1];
            foreach (Socket socket in _sockets)
                Assert.Equal(1, await socket.ReceiveAsync(some, TestContext.Current.CancellationToken));
        }

        public void Dispose()
        {
            foreach (Socket socket in _sockets)
                socket.Dispose();
        }
    }
}
