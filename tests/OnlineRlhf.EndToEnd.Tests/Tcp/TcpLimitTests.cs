using System.Net.Sockets;
using System.Text;

namespace OnlineRlhf.EndToEnd.Tests.Tcp;

/// <summary>Whoever has no key takes neither connections nor the processor from those who may use the daemon.</summary>
public sealed class TcpLimitTests
{
    private const int Clients = 250;

    [PublishedTheory]
    [InlineData("")]
    [InlineData("GET /health HTTP/1.1\r\nHost: localhost\r\n")]
    [InlineData("GET /health HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\n\r\n")]
    public async Task Hundreds_of_connections_without_a_key_leave_the_Unix_socket_alone(string request)
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.StartWithFewFiles(folder, 400, "--listen", TcpDaemon.AnyPort);
        await daemon.WaitUntilReadyAsync();
        (_, Client made) = await daemon.JoinAsync("anna");
        using Client anna = made;
        List<Socket> held = [];
        try
        {
            using Client nobody = daemon.Over(null);
            for (int i = 0; i < Clients; i++)
            {
                Socket socket = await nobody.ConnectAsync(TestContext.Current.CancellationToken);
                held.Add(socket);
                await socket.SendAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
            }
            // Each a new connection.
            for (int i = 0; i < 10; i++)
            {
                using var late = new Client(folder.Socket);
                Assert.Equal(200, (await late.GetAsync("/health")).Status);
            }
            Reply round = await daemon.Client.AskForTwoAsync(profile: "late");
            Assert.Equal(1, (await daemon.Client.PreferAsync(round.Id, "first")).Comparisons);
            // Over TCP too, those who ask nothing make room.
            Assert.Equal(200, (await InTimeAsync(anna)).Status);
        }
        finally
        {
            held.ForEach(s => s.Dispose());
        }
    }

    [PublishedFact]
    public async Task Wrong_keys_wait_and_where_too_many_wait_they_are_told_at_once()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--listen", TcpDaemon.AnyPort);
        (_, Client made) = await daemon.JoinAsync("anna");
        using Client anna = made,
            wrong = daemon.Over("orlhf-wrong");
        Task<Reply>[] many = [.. Enumerable.Range(0, 100).Select(_ => wrong.GetAsync("/health"))];
        // A right key waits for none of them.
        Assert.Equal(200, (await anna.GetAsync("/health")).Status);
        Reply[] refused = await Task.WhenAll(many);
        Assert.All(refused, r => Assert.Contains(r.Status, new[] { 401, 429 }));
        Assert.Contains(refused, r => r.Status == 401);
        Reply told = refused.First(r => r.Status == 429);
        told.MustBeProblem(429, "wrong keys");
        Assert.NotNull(told.RetryAfter);
        Assert.Equal(100, await daemon.CountAsync("wrong_keys_total"));
    }

    /// <summary>A connection that makes room for others may be the client's own: it asks again.</summary>
    private static async Task<Reply> InTimeAsync(Client client)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return await client.GetAsync("/health");
            }
            catch (HttpRequestException) when (attempt < 10) { }
        }
    }
}
