namespace OnlineRlhf.EndToEnd.Tests.Survival;

/// <summary>SIGTERM ends the daemon within five seconds with code 0 and without its socket, whatever it is doing.</summary>
public sealed class StoppingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    [PublishedFact]
    public async Task An_idle_daemon_stops()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);

        await MustStopAsync(folder, daemon);
    }

    [PublishedTheory]
    [InlineData(500)]
    [InlineData(2500)]
    public async Task A_daemon_that_measures_a_real_model_for_the_first_time_stops(int milliseconds)
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder, "--model", RealModel());
        await daemon.WaitUntilConnectableAsync();
        await Task.Delay(milliseconds, TestContext.Current.CancellationToken);

        await MustStopAsync(folder, daemon);
    }

    [PublishedFact]
    public async Task A_daemon_that_reads_a_long_prompt_with_a_real_model_stops()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder, "--model", RealModel());
        await daemon.WaitUntilReadyAsync();
        Task<Reply> running = daemon.Client.AskAsync(
            string.Join(' ', Enumerable.Repeat("The weather in the mountains is lovely today and we walk.", 140))
        );
        while ((await daemon.Client.GetAsync("/health")).Json.GetProperty("queued").GetInt32() == 0 && !running.IsCompleted)
            await Task.Yield();
        await Task.Delay(200, TestContext.Current.CancellationToken);
        await MustStopAsync(folder, daemon);

        await Task.WhenAny(running);
    }

    [PublishedTheory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(150)]
    [InlineData(400)]
    public async Task A_daemon_that_is_still_loading_stops(int milliseconds)
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder);
        await daemon.WaitUntilConnectableAsync();
        Task<Reply> waiting = daemon.Client.GetAsync("/v1/rounds/current");
        await Task.Delay(milliseconds, TestContext.Current.CancellationToken);
        await MustStopAsync(folder, daemon);

        // It got an answer or was cut off, but does not wait any more.
        await Task.WhenAny(waiting).WaitAsync(Program.Patience, TestContext.Current.CancellationToken);
    }

    /// <summary>Often, since two listeners to one signal can end the process before it has stopped: one time in twenty.</summary>
    [PublishedFact]
    public async Task A_daemon_told_to_stop_at_any_moment_of_its_start_stops()
    {
        for (int i = 0; i < 80; i++)
        {
            using var folder = new TempFolder();
            await using DaemonProcess daemon = DaemonProcess.Start(folder);
            await daemon.WaitUntilConnectableAsync();
            await Task.Delay(i, TestContext.Current.CancellationToken);
            await MustStopAsync(folder, daemon);
        }
    }

    [PublishedFact]
    public async Task A_daemon_in_the_middle_of_a_generation_stops()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--queue", "8");
        Task<Reply>[] running = [.. Enumerable.Range(0, 6).Select(i => daemon.Client.AskAsync("Can you tell me about the moon?", $"stop-{i}"))];
        while ((await daemon.Client.GetAsync("/health")).Json.GetProperty("queued").GetInt32() == 0 && !running.All(r => r.IsCompleted))
            await Task.Yield();
        await MustStopAsync(folder, daemon);

        foreach (Task<Reply> request in running)
        {
            try
            {
                Assert.Contains((await request).Status, new[] { 201, 503 });
            }
            catch (HttpRequestException)
            {
                // Cut off.
            }
        }
    }

    [PublishedFact]
    public async Task A_daemon_that_somebody_watches_stops()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await using EventStream events = await EventStream.OpenAsync(daemon);
        await events.NextAsync();
        using System.Net.Sockets.Socket idle = await daemon.Client.ConnectAsync(TestContext.Current.CancellationToken);

        await MustStopAsync(folder, daemon);
    }

    [PublishedFact]
    public async Task What_was_learned_is_there_after_a_stop()
    {
        using var folder = new TempFolder();
        long comparisons = 0;
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            for (; comparisons < 5; comparisons++)
                await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync(more: """ "max_tokens": 8 """)).Id, "first");
            await MustStopAsync(folder, daemon);
        }
        await using DaemonProcess again = await DaemonProcess.StartReadyAsync(folder);

        Assert.Equal(comparisons + 1, (await again.Client.PreferAsync((await again.Client.AskForTwoAsync()).Id, "first")).Comparisons);
    }

    private static string RealModel()
    {
        const string variable = "ONLINERLHF_SMOLLM2";
        string? path = Environment.GetEnvironmentVariable(variable);
        Assert.SkipUnless(File.Exists(path), $"{variable} names no file of SmolLM2-135M-Instruct.");
        return path!;
    }

    private static async Task MustStopAsync(TempFolder folder, DaemonProcess daemon)
    {
        (int code, TimeSpan took) = await daemon.StopAsync();

        Assert.True(code == 0, $"Exit code {code}: {daemon.Log}");
        Assert.InRange(took, TimeSpan.Zero, Limit);
        Assert.Null(Posix.Mode(folder.Socket));
        Assert.DoesNotContain("fail:", daemon.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", daemon.Log, StringComparison.Ordinal);
    }
}
