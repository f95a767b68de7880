using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.Rounds;

/// <summary>Many clients, rude clients, and clients that leave.</summary>
public sealed class LoadTests
{
    [PublishedFact]
    public async Task Beyond_the_queue_a_request_is_told_when_to_come_back()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--queue", "0");
        Reply[] replies = await Task.WhenAll(
            Enumerable.Range(0, 12).Select(i => daemon.Client.AskAsync("Can you tell me about the moon?", $"busy-{i}"))
        );

        Assert.Contains(replies, r => r.Status == 201);
        Reply[] busy = [.. replies.Where(r => r.Status != 201)];
        Assert.NotEmpty(busy);
        Assert.All(
            busy,
            reply =>
            {
                reply.MustBeProblem(503);
                Assert.Equal("busy", reply.Reason);
                Assert.True(int.Parse(reply.RetryAfter!, System.Globalization.CultureInfo.InvariantCulture) > 0);
            }
        );
    }

    [PublishedFact]
    public async Task Twenty_clients_at_once_each_get_their_answer_and_their_count()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--queue", "64");
        long[] counts = await Task.WhenAll(
            Enumerable
                .Range(0, 20)
                .Select(async i =>
                {
                    using var client = new Client(folder.Socket);
                    long comparisons = 0;
                    for (int n = 0; n < 2; n++)
                        comparisons = (
                            await client.PreferAsync(
                                (await client.AskForTwoAsync(profile: $"client-{i}", more: """ "max_tokens": 24 """)).Id,
                                "first"
                            )
                        ).Comparisons;
                    return comparisons;
                })
        );

        Assert.All(counts, count => Assert.Equal(2, count));
    }

    [PublishedFact]
    public async Task A_client_that_hangs_up_frees_the_model_at_once()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--queue", "0", "--max-tokens", "1500");
        using var leaving = new CancellationTokenSource();
        Task<Reply> abandoned = daemon.Client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/v1/rounds")
            {
                Content = new StringContent(Client.Body("Tell me a very long story.", more: """ "temperature": 5 """)),
            },
            leaving.Token
        );
        while (await QueuedAsync() == 0 && !abandoned.IsCompleted)
            await Task.Delay(1, TestContext.Current.CancellationToken);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);

        while (await QueuedAsync() > 0)
            await Task.Delay(1, TestContext.Current.CancellationToken);
        Assert.Equal(201, (await daemon.Client.AskAsync("Hello")).Status);
        Assert.Contains("onlinerlhf_rounds_total 1\n", (await daemon.Client.GetAsync("/metrics")).Body, StringComparison.Ordinal);

        async Task<int> QueuedAsync() => (await daemon.Client.GetAsync("/health")).Json.GetProperty("queued").GetInt32();
    }

    [PublishedFact]
    public async Task Garbage_on_the_socket_does_not_harm_the_daemon()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        var random = new Random(1);
        byte[] noise = new byte[100_000];
        random.NextBytes(noise);
        byte[][] garbage =
        [
            noise,
            [0],
            "\r\n\r\n\r\n"u8.ToArray(),
            "GET"u8.ToArray(),
            "GET / HTTP/9.9\r\n\r\n"u8.ToArray(),
            "POST /v1/rounds HTTP/1.1\r\nContent-Length: -5\r\n\r\n"u8.ToArray(),
            "POST /v1/rounds HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"u8.ToArray(),
            Encoding.ASCII.GetBytes("GET /health HTTP/1.1\r\nHost: a\r\nX: " + new string('a', 100_000) + "\r\n\r\n"),
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(),
            [0x16, 0x03, 0x01, 0x02, 0x00, 0x01],
        ];
        foreach (byte[] bytes in garbage)
        {
            using Socket socket = await daemon.Client.ConnectAsync(TestContext.Current.CancellationToken);
            try
            {
                await socket.SendAsync(bytes, TestContext.Current.CancellationToken);
                socket.Shutdown(SocketShutdown.Send);
                byte[] answer = new byte[1 << 16];
                while (await socket.ReceiveAsync(answer, TestContext.Current.CancellationToken) > 0) { }
            }
            catch (SocketException)
            {
                // The daemon may hang up before everything is sent.
            }
        }

        Assert.Equal(201, (await daemon.Client.AskAsync("Hello")).Status);
        Assert.DoesNotContain("fail:", daemon.Log, StringComparison.Ordinal);
    }

    [PublishedTheory]
    [InlineData("HTTP/1.1\r\nHost: localhost", 200)]
    [InlineData("HTTP/1.1\r\nHost: example.org:80", 200)]
    [InlineData("HTTP/1.1\r\nHost: onlinerlhf.sock", 200)]
    [InlineData("HTTP/1.1\r\nHost: [::1]:1", 200)]
    [InlineData("HTTP/1.1\r\nHost:", 200)]
    [InlineData("HTTP/1.0\r\nHost:", 200)]
    [InlineData("HTTP/1.0", 200)]
    [InlineData("HTTP/1.1", 400)]
    [InlineData("HTTP/1.1\r\nHost: %", 400)]
    [InlineData("HTTP/1.1\r\nHost: /run/onlinerlhf.sock", 400)]
    public async Task Any_host_will_do_that_looks_like_one(string versionAndHost, int status)
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder);
        await daemon.WaitUntilConnectableAsync();
        using Socket socket = await daemon.Client.ConnectAsync(TestContext.Current.CancellationToken);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes($"GET /metrics {versionAndHost}\r\nConnection: close\r\n\r\n"),
            TestContext.Current.CancellationToken
        );
        using var reader = new StreamReader(new NetworkStream(socket));

        Assert.StartsWith($"HTTP/1.1 {status}", await reader.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_request_while_the_model_loads_waits_and_is_served()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder);
        await daemon.WaitUntilConnectableAsync();
        Task<Reply> early = daemon.Client.AskAsync("Hello"),
            current = daemon.Client.GetAsync("/v1/rounds/current?profile=nobody");

        Assert.Equal(201, (await early).Status);
        (await current).MustBeProblem(404);
    }

    [PublishedFact]
    public async Task A_request_that_may_not_wait_for_the_model_is_told_so()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder, "--load-wait", "0");
        await daemon.WaitUntilConnectableAsync();
        Reply early = await daemon.Client.AskAsync("Hello");
        // A fast machine may have loaded it already.
        if (early.Status == 201)
            return;

        early.MustBeProblem(503, "loading");
        Assert.NotNull(early.RetryAfter);
    }

    [PublishedFact]
    public async Task Health_says_loading_and_then_ready_with_the_model()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder);
        await daemon.WaitUntilConnectableAsync();
        Reply loading = await daemon.Client.GetAsync("/health");
        await daemon.WaitUntilReadyAsync();
        Reply ready = await daemon.Client.GetAsync("/health");

        Assert.True(loading.Status == 200 || loading.Json.GetProperty("status").GetString() == "loading", loading.Body);
        Assert.Equal("ready", ready.Json.GetProperty("status").GetString());
        Assert.NotEmpty(ready.Json.GetProperty("model").GetString()!);
        Assert.Equal(1, ready.Json.GetProperty("threads").GetInt32());
        Assert.InRange(ready.Json.GetProperty("features").GetInt32(), 500, 1984);
        Assert.NotEqual(JsonValueKind.Null, ready.Json.GetProperty("context_tokens").ValueKind);
    }
}
