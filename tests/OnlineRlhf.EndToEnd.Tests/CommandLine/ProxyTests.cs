namespace OnlineRlhf.EndToEnd.Tests.CommandLine;

/// <summary>The environment's proxies are for networks: the way to the daemon is a file.</summary>
public sealed class ProxyTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    [PublishedTheory]
    [InlineData("ALL_PROXY", "socks5://127.0.0.1:1")]
    [InlineData("all_proxy", "socks5h://127.0.0.1:1")]
    [InlineData("HTTP_PROXY", "http://127.0.0.1:1")]
    [InlineData("http_proxy", "http://user:secret@127.0.0.1:1")]
    [InlineData("http_proxy", "no address at all")]
    public async Task No_verb_goes_through_a_proxy(string variable, string value)
    {
        var environment = new Variables { [variable] = value, ["NO_PROXY"] = "example.org" };
        foreach (string verb in new[] { "status", "ask Hello", "prefer skip" })
        {
            Program.Ended ended = await Program.RunAsync(daemon.Folder, environment, null, verb.Split(' '));

            Assert.True(ended is { ExitCode: 0, Errors: "" }, $"{verb}: {ended.Errors}");
        }
    }
}
