namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>A socket that the service manager has opened: the request that wakes the daemon is served by it.</summary>
public sealed class ActivationTests
{
    [PublishedFact]
    public async Task The_request_that_wakes_the_daemon_waits_and_is_served()
    {
        Assert.SkipUnless(File.Exists(DaemonProcess.Activator), "systemd-socket-activate is not installed");
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.StartActivated(folder);
        while (!File.Exists(folder.Socket) && !daemon.HasExited)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Reply round = await daemon.Client.AskForTwoAsync();
        Assert.Equal(200, (await daemon.Client.PreferAsync(round.Id, "first")).Status);
        Assert.Equal(0, (await daemon.StopAsync()).ExitCode);
        // The socket is the service manager's: it wakes the next one.
        Assert.True(File.Exists(folder.Socket));
    }
}
