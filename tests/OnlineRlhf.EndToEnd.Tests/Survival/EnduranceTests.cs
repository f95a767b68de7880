namespace OnlineRlhf.EndToEnd.Tests.Survival;

/// <summary>More of everything than one evening brings.</summary>
public sealed class EnduranceTests
{
    // Two candidates of two tokens: quick to sample, and different enough to compare.
    private const string Tiny = """ "candidates": 2, "max_tokens": 2, "temperature": 2 """;

    [PublishedFact]
    public async Task More_presses_than_the_ring_holds_survive_a_kill_in_the_middle_of_a_checkpoint()
    {
        using var folder = new TempFolder();
        Reply first,
            last;
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            int ring = (await daemon.Client.GetAsync("/health")).Json.GetProperty("features").GetInt32();
            first = last = await PressAsync(daemon);
            // The last press makes a checkpoint due, and the kill follows at once.
            for (long n = 2; n <= ring / 2 * 3; n++)
            {
                last = await PressAsync(daemon);
                Assert.Equal(n, last.Comparisons);
            }
            await daemon.KillAsync();
        }
        await using DaemonProcess again = await DaemonProcess.StartReadyAsync(folder);

        Assert.Equal(last.Body, (await again.Client.PreferAsync(last.Id, "first")).Body);
        // The first one has left the ring: nothing is known of it any more.
        (await again.Client.PreferAsync(first.Id, "first")).MustBeProblem(404);
        Assert.Equal(last.Comparisons + 1, (await PressAsync(again)).Comparisons);
    }

    [PublishedFact]
    public async Task Many_clients_that_hang_up_leave_no_open_file_behind()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await HangUpAsync(daemon, 20);
        int before = OpenFiles(daemon);
        await HangUpAsync(daemon, 100);

        Assert.InRange(OpenFiles(daemon), 0, before + 10);
        Assert.Equal(201, (await daemon.Client.AskAsync("Hello")).Status);
    }

    private static async Task<Reply> PressAsync(DaemonProcess daemon) =>
        await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync("How do I make tea?", more: Tiny)).Id, "first");

    private static async Task HangUpAsync(DaemonProcess daemon, int times)
    {
        byte[] body = System.Text.Encoding.UTF8.GetBytes(Client.Body("How do I make tea?", "leaving"));
        for (int n = 0; n < times; n++)
        {
            using System.Net.Sockets.Socket socket = await daemon.Client.ConnectAsync(TestContext.Current.CancellationToken);
            await socket.SendAsync(
                System.Text.Encoding.ASCII.GetBytes($"POST /v1/rounds HTTP/1.1\r\nHost: a\r\nContent-Length: {body.Length}\r\n\r\n"),
                TestContext.Current.CancellationToken
            );
            await socket.SendAsync(body.AsMemory(0, n % 2 == 0 ? body.Length : body.Length / 2), TestContext.Current.CancellationToken);
        }
        // One request in turn behind all of them: when it is answered, they are gone.
        Reply last;
        do last = await daemon.Client.AskAsync("Hello");
        while (last.Status == 503);
        Assert.Equal(201, last.Status);
    }

    private static int OpenFiles(DaemonProcess daemon) => Directory.GetFileSystemEntries($"/proc/{daemon.Id}/fd").Length;
}
