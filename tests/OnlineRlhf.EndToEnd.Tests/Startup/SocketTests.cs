using System.Diagnostics;
using System.Net.Sockets;

namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>The socket file: its mode, what it replaces and what it leaves alone.</summary>
public sealed class SocketTests
{
    private const int SocketOfOwnerAndGroup = 0xC000 | 0b110_110_000;

    [PublishedFact]
    public async Task The_socket_has_its_mode_from_its_first_instant()
    {
        for (int start = 0; start < 5; start++)
        {
            using var folder = new TempFolder();
            await using DaemonProcess daemon = DaemonProcess.Start(folder);
            int? mode = null;
            while (mode is null && !daemon.HasExited)
                mode = Posix.Mode(folder.Socket);
            for (int look = 0; look < 200; look++)
            {
                Assert.Equal(SocketOfOwnerAndGroup, mode);
                await Task.Delay(1, TestContext.Current.CancellationToken);
                mode = Posix.Mode(folder.Socket);
            }
        }
    }

    [PublishedFact]
    public async Task The_socket_can_be_connected_to_soon_after_the_start()
    {
        List<double> milliseconds = [];
        for (int start = 0; start < 5; start++)
        {
            using var folder = new TempFolder();
            await using DaemonProcess daemon = DaemonProcess.Start(folder);
            while (!await daemon.Client.CanConnectAsync())
                Assert.True(Stopwatch.GetElapsedTime(daemon.Started) < TimeSpan.FromSeconds(5), daemon.Log);
            milliseconds.Add(Stopwatch.GetElapsedTime(daemon.Started).TotalMilliseconds);
            await daemon.KillAsync();
        }

        TestContext.Current.TestOutputHelper!.WriteLine(
            $"From spawn to connectable: {string.Join(", ", milliseconds.Order().Select(m => $"{m:F0}"))} ms"
        );
    }

    [PublishedFact]
    public async Task A_socket_left_by_a_crash_is_replaced()
    {
        using var folder = new TempFolder();
        await using (DaemonProcess crashed = DaemonProcess.Start(folder))
        {
            await crashed.WaitUntilConnectableAsync();
            await crashed.KillAsync();
        }
        Assert.NotNull(Posix.Mode(folder.Socket));
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);

        Assert.Equal(SocketOfOwnerAndGroup, Posix.Mode(folder.Socket));
    }

    [PublishedFact]
    public async Task Where_a_daemon_listens_already_a_second_one_gives_way()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder);
        await daemon.WaitUntilConnectableAsync();
        Program.Ended same = await Program.RunAsync(folder, "serve"),
            otherState = await Program.RunAsync(folder, "serve", "--state", Path.Combine(folder.Root, "other"));

        Assert.Equal((75, 75), (same.ExitCode, otherState.ExitCode));
        Assert.Contains("state", Assert.Single(same.ErrorLines), StringComparison.Ordinal);
        Assert.Contains(folder.Socket, Assert.Single(otherState.ErrorLines), StringComparison.Ordinal);
        Assert.True(await daemon.Client.CanConnectAsync());
    }

    [PublishedFact]
    public async Task A_second_daemon_on_the_same_state_gives_way()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder);
        await daemon.WaitUntilConnectableAsync();
        Program.Ended second = await Program.RunAsync(folder, "serve", "--socket", Path.Combine(folder.Root, "other.sock"));

        Assert.Equal(75, second.ExitCode);
        Assert.Contains(folder.State, Assert.Single(second.ErrorLines), StringComparison.Ordinal);
        Assert.Null(Posix.Mode(Path.Combine(folder.Root, "other.sock")));
    }

    [PublishedFact]
    public async Task A_file_in_the_socket_s_place_is_left_alone()
    {
        using var folder = new TempFolder();
        string file = folder.Write("precious", "untouched");
        Program.Ended ended = await Program.RunAsync(folder, "serve", "--socket", file);

        Assert.Equal(78, ended.ExitCode);
        Assert.Contains(file, Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
        Assert.Equal("untouched", await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [PublishedTheory]
    [InlineData("mkdir \"$1\"")]
    [InlineData("mkfifo \"$1\"")]
    [InlineData("ln -s /nowhere/at/all \"$1\"")]
    [InlineData("ln -s /dev/null \"$1\"")]
    public async Task Nothing_else_in_the_socket_s_place_is_removed_or_waited_for(string make)
    {
        using var folder = new TempFolder();
        using (Process shell = Process.Start("sh", ["-c", make, "sh", folder.Socket]))
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        int? before = Posix.Mode(folder.Socket);
        Program.Ended ended = await Program.RunAsync(folder, "serve");

        Assert.Equal(78, ended.ExitCode);
        Assert.Single(ended.ErrorLines);
        Assert.Equal(before, Posix.Mode(folder.Socket));
    }

    [PublishedFact]
    public async Task A_path_too_long_for_a_socket_is_refused_with_the_limit()
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, "serve", "--socket", Path.Combine(folder.Root, new string('a', 108)));

        Assert.Equal(78, ended.ExitCode);
        Assert.Contains("107 bytes", Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
    }

    [PublishedTheory]
    [InlineData("--socket", "/proc/nowhere/onlinerlhf.sock")]
    [InlineData("--socket", "/proc/onlinerlhf.sock")]
    [InlineData("--socket", "/dev/null/onlinerlhf.sock")]
    [InlineData("--state", "/proc/nowhere")]
    [InlineData("--state", "/dev/null")]
    public async Task A_folder_that_cannot_be_used_is_one_line_that_names_the_setting(string flag, string path)
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, "serve", flag, path);

        Assert.Equal(78, ended.ExitCode);
        Assert.Contains(flag, Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task Neither_environment_nor_the_working_folder_can_open_a_network_port()
    {
        using var folder = new TempFolder();
        int port;
        using (var free = new TcpListener(System.Net.IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((System.Net.IPEndPoint)free.LocalEndpoint).Port;
        }
        string url = $"http://127.0.0.1:{port}";
        folder.Write(
            "appsettings.json",
            """{"Kestrel": {"Endpoints": {"Http": {"Url": "URL"}}}, "urls": "URL"}""".Replace("URL", url, StringComparison.Ordinal)
        );
        await using DaemonProcess daemon = DaemonProcess.Start(
            folder,
            new Variables
            {
                ["Kestrel__Endpoints__Http__Url"] = url,
                ["ASPNETCORE_URLS"] = url,
                ["DOTNET_URLS"] = url,
                ["ASPNETCORE_HTTP_PORTS"] = $"{port}",
                ["URLS"] = url,
            }
        );
        await daemon.WaitUntilReadyAsync();
        using var tcp = new TcpClient();

        await Assert.ThrowsAnyAsync<SocketException>(() => tcp.ConnectAsync("127.0.0.1", port, TestContext.Current.CancellationToken).AsTask());
    }
}
