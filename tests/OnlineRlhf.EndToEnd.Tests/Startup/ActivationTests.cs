using System.Net;
using System.Net.Sockets;

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

    [PublishedFact]
    public async Task A_TCP_socket_of_the_service_manager_is_told_from_the_Unix_socket()
    {
        Assert.SkipUnless(File.Exists(DaemonProcess.Activator), "systemd-socket-activate is not installed");
        using var folder = new TempFolder();
        var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var address = (IPEndPoint)free.LocalEndpoint;
        free.Stop();
        await using DaemonProcess daemon = DaemonProcess.StartActivated(folder, address.ToString());
        while (!File.Exists(folder.Socket) && !daemon.HasExited)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        await daemon.WaitUntilReadyAsync();
        Assert.Equal(address, daemon.Address);
        (string _, Client anna) = await daemon.JoinAsync("anna");
        using Client client = anna;
        Assert.Equal(200, (await client.GetAsync("/health")).Status);
        using Client nobody = daemon.Over(null);
        (await nobody.GetAsync("/health")).MustBeProblem(401);
        Assert.Equal(0, (await daemon.StopAsync()).ExitCode);
    }
}
