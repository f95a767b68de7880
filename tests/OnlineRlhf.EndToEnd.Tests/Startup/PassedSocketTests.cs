using System.Net;
using System.Net.Sockets;

namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>What a service manager passes that is no listening socket stops the start with one line.</summary>
public sealed class PassedSocketTests
{
    [PublishedTheory]
    [InlineData("1", "3</dev/null", "no socket")]
    [InlineData("1", "3<&-", "no open descriptor")]
    [InlineData("1", "3<>/dev/udp/127.0.0.1/9", "datagrams")]
    [InlineData("1", "3<>/dev/tcp/127.0.0.1/PORT", "connected")]
    [InlineData("2", "3</dev/null", "no socket")]
    [InlineData("0", "3</dev/null", "1 to 16 sockets")]
    [InlineData("-1", "3</dev/null", "1 to 16 sockets")]
    [InlineData("17", "3</dev/null", "1 to 16 sockets")]
    [InlineData("99999999999999999999", "3</dev/null", "1 to 16 sockets")]
    [InlineData("many", "3</dev/null", "1 to 16 sockets")]
    public async Task It_is_called_what_it_is(string count, string redirection, string says)
    {
        using var folder = new TempFolder();
        using var peer = new TcpListener(IPAddress.Loopback, 0);
        peer.Start();
        redirection = redirection.Replace("PORT", $"{((IPEndPoint)peer.LocalEndpoint).Port}", StringComparison.Ordinal);
        string script = $"export LISTEN_PID=$$; exec \"$@\" {redirection}";
        var environment = new Variables { ["LISTEN_FDS"] = count };
        Program.Ended ended = await Program.RunAsync("bash", folder, environment, null, "-c", script, "bash", Published.Path, "serve");

        Assert.True(ended.ExitCode == 78, $"{ended.ExitCode}: {ended.Errors}");
        Assert.Contains(says, Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
    }
}
