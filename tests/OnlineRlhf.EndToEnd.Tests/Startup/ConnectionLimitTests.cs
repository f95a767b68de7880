using System.Net.Sockets;
using System.Text;

namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>Clients that hold connections take neither the last descriptor nor a processor from the others.</summary>
public sealed class ConnectionLimitTests
{
    private const int OpenFiles = 400,
        Clients = 500;
    private const string Logged = "No further connection fits",
        Events = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";

    [PublishedFact]
    public async Task Connections_that_ask_nothing_make_room()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.StartWithFewFiles(folder, OpenFiles);
        await daemon.WaitUntilReadyAsync();
        using var held = new Held(folder.Socket);
        for (int i = 0; i < Clients; i++)
            await held.AddAsync(null);
        await MustRestAsync(daemon);
        using var late = new Client(folder.Socket);
        // A profile's first press opens files.
        Reply round = await InTimeAsync(() => late.AskForTwoAsync(profile: "late"));
        Assert.Equal(1, (await InTimeAsync(() => late.PreferAsync(round.Id, "first"))).Comparisons);
        Assert.Equal(2, daemon.Log.Split(Logged).Length);
    }

    [PublishedFact]
    public async Task Followers_leave_room_for_requests_and_those_that_find_none_are_told()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.StartWithFewFiles(folder, OpenFiles);
        await daemon.WaitUntilReadyAsync();
        Reply refused;
        using (var held = new Held(folder.Socket))
        {
            for (int i = 0; i < Clients; i++)
                await held.AddAsync(Events);
            refused = await InTimeAsync(FollowAsync);
            Assert.Equal(201, (await InTimeAsync(() => daemon.Client.AskAsync("Hello"))).Status);
            Assert.Equal(0, (await Program.RunAsync(folder, "status")).ExitCode);
        }

        refused.MustBeProblem(503, "follow");
        Assert.NotNull(refused.RetryAfter);

        // Who follows while others still wait to be read finds room, and then nothing ends the stream.
        async Task<Reply> FollowAsync()
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(TimeSpan.FromSeconds(10));
            return await daemon.Client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/v1/events"), limit.Token);
        }

        string? type;
        do
        {
            await using EventStream events = await EventStream.OpenAsync(daemon);
            type = events.ContentType;
        } while (type != "text/event-stream");
    }

    [PublishedFact]
    public async Task Without_a_free_descriptor_a_client_is_told_and_the_next_one_is_served_once_there_is_one()
    {
        string compiledLater = Path.Combine(Path.GetDirectoryName(Published.Path)!, "onlinerlhf.dll");
        Assert.SkipWhen(File.Exists(compiledLater), "The just-in-time compiler ends the process where it finds no descriptor.");
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        string health = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
        using var late = new Client(folder.Socket);
        Assert.StartsWith("HTTP/1.1 200 ", await late.ExchangeAsync(health), StringComparison.Ordinal);
        // The ready daemon's last connection is closed: it would be the idle one that makes room.
        daemon.Client.Dispose();
        await Task.Delay(500, TestContext.Current.CancellationToken);
        using var held = new Held(folder.Socket);
        HashSet<string?> used = [.. Directory.EnumerateFileSystemEntries($"/proc/{daemon.Id}/fd").Select(Path.GetFileName)];
        Posix.LimitOpenFiles(daemon.Id, Enumerable.Range(0, OpenFiles).Where(n => !used.Contains($"{n}")).ElementAt(5));
        string answer;
        for (int followers = 0; (answer = await late.ExchangeAsync(health)).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal); followers++)
        {
            Assert.InRange(followers, 0, 10);
            // Those that follow are not idle: none of them is closed for another.
            await held.AddAsync(Events);
            await held.ReceiveAsync();
        }
        Assert.StartsWith("HTTP/1.1 503 ", answer, StringComparison.Ordinal);
        Assert.Contains("Retry-After", answer, StringComparison.Ordinal);
        Assert.Contains("\"busy\"", answer, StringComparison.Ordinal);
        await held.AddAsync(null);
        await MustRestAsync(daemon);
        Assert.Equal(2, daemon.Log.Split(Logged).Length);
        Posix.LimitOpenFiles(daemon.Id, OpenFiles);

        Assert.StartsWith("HTTP/1.1 200 ", await late.ExchangeAsync(health), StringComparison.Ordinal);
    }

    /// <summary>On a busy machine a client may take longer than a second to ask, and be taken for an idle one: it asks again.</summary>
    private static async Task<Reply> InTimeAsync(Func<Task<Reply>> request)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await request();
            }
            catch (Exception e) when (attempt < 10 && e is HttpRequestException or OperationCanceledException) { }
        }
    }

    /// <summary>What spins on its socket uses a processor for as long as the clients wait.</summary>
    private static async Task MustRestAsync(DaemonProcess daemon)
    {
        TimeSpan used = TimeSpan.MaxValue;
        for (int look = 0; look < 20 && used > TimeSpan.FromMilliseconds(100); look++)
        {
            TimeSpan before = daemon.ProcessorTime;
            await Task.Delay(1000, TestContext.Current.CancellationToken);
            used = daemon.ProcessorTime - before;
        }
        Assert.InRange(used.TotalMilliseconds, 0, 100);
    }

    /// <summary>Clients that hold their connections.</summary>
    private sealed class Held(string path) : IDisposable
    {
        private readonly List<Socket> _sockets = [];

        internal async Task AddAsync(string? request)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            _sockets.Add(socket);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), TestContext.Current.CancellationToken);
            if (request is not null)
                await socket.SendAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        }

        /// <summary>Waits until the last one has got something.</summary>
        internal async Task ReceiveAsync() => Assert.Equal(1, await _sockets[^1].ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));

        public void Dispose()
        {
            foreach (Socket socket in _sockets)
                socket.Dispose();
        }
    }
}
