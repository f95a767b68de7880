using System.Net.Sockets;
using System.Text;

namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>What the service manager is told.</summary>
public sealed class NotifyTests
{
    [PublishedFact]
    public async Task Ready_is_said_when_the_model_answers_and_stopping_at_the_end()
    {
        using var folder = new TempFolder();
        using Socket manager = Listen(folder, out string path);
        await using DaemonProcess daemon = DaemonProcess.Start(folder, new Variables { ["NOTIFY_SOCKET"] = path });

        Assert.Contains("READY=1", await ReceiveAsync(manager), StringComparison.Ordinal);
        Assert.Equal(200, (await daemon.Client.GetAsync("/health")).Status);
        daemon.Terminate();
        Assert.Contains("STOPPING=1", await ReceiveAsync(manager), StringComparison.Ordinal);
        Assert.Equal(0, await daemon.WaitForExitAsync());
    }

    [PublishedFact]
    public async Task A_model_that_cannot_be_loaded_is_never_called_ready()
    {
        using var folder = new TempFolder();
        using Socket manager = Listen(folder, out string path);
        Program.Ended ended = await Program.RunAsync(
            folder,
            new Variables { ["NOTIFY_SOCKET"] = path },
            null,
            "serve",
            "--model",
            folder.Write("no.gguf", "no")
        );

        Assert.Equal(78, ended.ExitCode);
        while (manager.Available > 0)
            Assert.DoesNotContain("READY", await ReceiveAsync(manager), StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_service_manager_that_is_gone_does_not_stop_the_daemon()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder, new Variables { ["NOTIFY_SOCKET"] = Path.Combine(folder.Root, "gone.sock") });
        await daemon.WaitUntilReadyAsync();

        Assert.Equal(201, (await daemon.Client.AskAsync("Hello")).Status);
        Assert.Equal(0, (await daemon.StopAsync()).ExitCode);
    }

    [PublishedFact]
    public async Task The_watchdog_is_fed_while_the_daemon_runs_and_not_while_it_is_stopped()
    {
        using var folder = new TempFolder();
        using Socket manager = Listen(folder, out string path);
        await using DaemonProcess daemon = DaemonProcess.Start(folder, new Variables { ["NOTIFY_SOCKET"] = path, ["WATCHDOG_USEC"] = "400000" });

        Assert.Contains("READY=1", await ReceiveAsync(manager), StringComparison.Ordinal);
        for (int i = 0; i < 5; i++)
            Assert.Equal("WATCHDOG=1", await ReceiveAsync(manager));
        Posix.Signal(daemon.Id, Posix.SigStop);
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        while (manager.Available > 0)
            await ReceiveAsync(manager);
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        Assert.Equal(0, manager.Available);
        Posix.Signal(daemon.Id, Posix.SigContinue);
        Assert.Equal("WATCHDOG=1", await ReceiveAsync(manager));
    }

    [PublishedTheory]
    [InlineData(
        "NOTIFY_SOCKET",
        "/longer than the address of a socket may be: 107 bytes. {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0}"
    )]
    [InlineData("WATCHDOG_USEC", "9223372036854775807")]
    [InlineData("WATCHDOG_USEC", "100000000000000")]
    [InlineData("WATCHDOG_USEC", "2")]
    public async Task What_no_service_manager_says_does_not_stop_the_daemon(string variable, string value)
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder, new Variables { [variable] = value });
        await daemon.WaitUntilReadyAsync();
        await Task.Delay(200, TestContext.Current.CancellationToken);

        Assert.Equal(200, (await daemon.Client.GetAsync("/health")).Status);
        Assert.Equal(0, (await daemon.StopAsync()).ExitCode);
    }

    /// <summary>The socket of a service manager.</summary>
    private static Socket Listen(TempFolder folder, out string path)
    {
        path = Path.Combine(folder.Root, "notify.sock");
        var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        return manager;
    }

    private static async Task<string> ReceiveAsync(Socket manager)
    {
        byte[] buffer = new byte[4096];
        using var limit = new CancellationTokenSource(Program.Patience);
        int length = await manager.ReceiveAsync(buffer, limit.Token);
        return Encoding.UTF8.GetString(buffer, 0, length);
    }
}
