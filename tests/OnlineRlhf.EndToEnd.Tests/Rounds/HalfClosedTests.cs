using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace OnlineRlhf.EndToEnd.Tests.Rounds;

/// <summary>A client that closes its side for writing after the request, as nc -N does, gets its answer; one that has left does not.</summary>
public sealed class HalfClosedTests
{
    private const string Host = "Host: localhost\r\n",
        Feedback = "POST /v1/rounds/x/feedback HTTP/1.1\r\n" + Host;

    [PublishedTheory]
    [InlineData("GET /health HTTP/1.1\r\n" + Host + "\r\n", 200)]
    [InlineData("GET /health HTTP/1.0\r\n\r\n", 200)]
    [InlineData("GET /v1/rounds/current HTTP/1.1\r\n" + Host + "\r\n", 404)]
    [InlineData("POST /v1/rounds HTTP/1.1\r\n" + Host + "Content-Length: 2\r\n\r\n{}", 400)]
    [InlineData(Feedback + "Content-Length: 21\r\n\r\n{\"preferred\":\"first\"}", 404)]
    [InlineData(Feedback + "Transfer-Encoding: chunked\r\n\r\n15\r\n{\"preferred\":\"first\"}\r\n0\r\n\r\n", 404)]
    public async Task It_gets_its_answer(string request, int status)
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        string answer = await daemon.Client.ExchangeAsync(request);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("{\"", answer, StringComparison.Ordinal);
        string two = await daemon.Client.ExchangeAsync($"GET /health HTTP/1.1\r\n{Host}\r\nGET /metrics HTTP/1.1\r\n{Host}\r\n");
        Assert.Equal(2, two.Split("HTTP/1.1 200").Length - 1);
    }

    [PublishedFact]
    public async Task It_gets_the_answer_of_a_round_that_takes_a_while()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--max-tokens", "1500");
        long start = Stopwatch.GetTimestamp();
        string body = Client.Body("Tell me a very long story.", more: """ "temperature": 5, "max_tokens": 400 """);
        string answer = await daemon.Client.ExchangeAsync(Post(body));

        Assert.StartsWith("HTTP/1.1 201 ", answer, StringComparison.Ordinal);
        TestContext.Current.TestOutputHelper!.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms");
    }

    [PublishedFact]
    public async Task One_that_leaves_while_its_answer_is_written_frees_the_model()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--max-tokens", "1500");
        string request = Post(Client.Body("Tell me a very long story.", more: """ "temperature": 5 """)),
            metrics = "";
        // The model may have finished before the client is missed: then another one leaves.
        for (int attempt = 0; attempt < 20 && !metrics.Contains("status=\"499\"", StringComparison.Ordinal); attempt++)
        {
            using (Socket leaving = await daemon.Client.ConnectAsync(TestContext.Current.CancellationToken))
            {
                await leaving.SendAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
                leaving.Shutdown(SocketShutdown.Send);
                await Task.Delay(10, TestContext.Current.CancellationToken);
            }
            await Task.Delay(500, TestContext.Current.CancellationToken);
            metrics = (await daemon.Client.GetAsync("/metrics")).Body;
        }

        Assert.True(metrics.Contains("status=\"499\"", StringComparison.Ordinal), metrics);
        while ((await daemon.Client.GetAsync("/health")).Json.GetProperty("queued").GetInt32() > 0)
            await Task.Delay(10, TestContext.Current.CancellationToken);
    }

    [PublishedFact]
    public async Task A_follower_is_told_of_events_until_it_leaves()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        using (Socket follower = await daemon.Client.ConnectAsync(TestContext.Current.CancellationToken))
        {
            using var reader = new StreamReader(new NetworkStream(follower));
            await follower.SendAsync(Encoding.ASCII.GetBytes("GET /v1/events HTTP/1.1\r\n" + Host + "\r\n"), TestContext.Current.CancellationToken);
            follower.Shutdown(SocketShutdown.Send);
            await UntilAsync(reader, "event: snapshot");
            await Task.Delay(1000, TestContext.Current.CancellationToken);
            await daemon.Client.AskAsync("Hello");
            await UntilAsync(reader, "event: round.opened");
        }
        long start = Stopwatch.GetTimestamp();
        int before = Descriptors();
        while (Descriptors() >= before && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(10))
            await Task.Delay(20, TestContext.Current.CancellationToken);

        Assert.True(Descriptors() < before);

        int Descriptors() => Directory.EnumerateFileSystemEntries($"/proc/{daemon.Id}/fd").Count();
    }

    private static string Post(string body) => $"POST /v1/rounds HTTP/1.1\r\n{Host}Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}";

    private static async Task UntilAsync(StreamReader reader, string line)
    {
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } read)
        {
            if (read == line)
                return;
        }
        Assert.Fail($"The stream ended before {line}.");
    }
}
