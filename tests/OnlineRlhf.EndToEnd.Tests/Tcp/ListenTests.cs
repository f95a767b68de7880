namespace OnlineRlhf.EndToEnd.Tests.Tcp;

/// <summary>The setting listen, and what is said where it is wrong.</summary>
public sealed class ListenTests
{
    [PublishedTheory]
    [InlineData("8765", "127.0.0.1:8765")]
    [InlineData("127.0.0.1", "127.0.0.1:8765")]
    [InlineData("localhost:8765", "127.0.0.1:8765")]
    [InlineData("::1:8765", "[::1]:8765")]
    [InlineData("127.0.0.1:99999", "127.0.0.1:8765")]
    [InlineData("192.0.2.1:8765", "cannot be opened")]
    public async Task A_wrong_address_stops_the_start_with_one_line(string address, string says)
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, "serve", "--listen", address);
        Assert.Equal(78, ended.ExitCode);
        string line = Assert.Single(ended.ErrorLines);
        Assert.Contains("listen", line, StringComparison.Ordinal);
        Assert.Contains(says, line, StringComparison.Ordinal);
    }

    [PublishedTheory]
    [InlineData("--hosts", "edge.local:8765", "without ports")]
    [InlineData("--hosts", "*", "names")]
    [InlineData("--origins", "*", "sites such as")]
    [InlineData("--origins", "null", "sites such as")]
    [InlineData("--origins", "http://a.example/chat", "without a path")]
    public async Task A_wrong_host_or_site_stops_the_start_with_one_line(string flag, string value, string says)
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, "serve", flag, value);
        Assert.Equal(78, ended.ExitCode);
        Assert.Contains(says, Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task Two_addresses_and_a_site_of_the_settings_serve()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(
            folder,
            ["--listen", $"{TcpDaemon.AnyPort},127.0.0.2:0", "--hosts", "edge.local", "--origins", "http://chat.example:3000"]
        );
        Assert.Contains("127.0.0.2:", daemon.Log, StringComparison.Ordinal);
        (string key, Client anna) = await daemon.JoinAsync("anna");
        using Client client = anna;
        string asked = await client.ExchangeAsync(
            "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: edge.local\r\nOrigin: http://chat.example:3000\r\n"
                + "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n",
            closes: false
        );
        Assert.StartsWith("HTTP/1.1 204 ", asked, StringComparison.Ordinal);
        Assert.Contains("Access-Control-Allow-Origin: http://chat.example:3000", asked, StringComparison.Ordinal);
        string served = await client.ExchangeAsync(
            "GET /health HTTP/1.1\r\nHost: edge.local\r\nOrigin: http://chat.example:3000\r\n"
                + $"Authorization: Bearer {key}\r\nConnection: close\r\n\r\n",
            closes: false
        );
        Assert.StartsWith("HTTP/1.1 200 ", served, StringComparison.Ordinal);
        Assert.Contains("Access-Control-Allow-Origin: http://chat.example:3000", served, StringComparison.Ordinal);
        Assert.Equal(0, (await daemon.StopAsync()).ExitCode);
    }
}
