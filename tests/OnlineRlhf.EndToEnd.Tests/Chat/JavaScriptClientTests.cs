using System.Diagnostics;

namespace OnlineRlhf.EndToEnd.Tests.Chat;

/// <summary>OpenAI's own library for JavaScript. ONLINERLHF_JAVASCRIPT names the folder javascript after npm ci.</summary>
public sealed class JavaScriptClientTests(TcpDaemon daemon) : IClassFixture<TcpDaemon>
{
    private const string Said = "lists models\nchats\nstreams a further turn\nregenerates and goes back\ngets two answers\nreads errors\n";

    [PublishedFact]
    public Task It_lists_models_chats_streams_and_reads_errors() => MustSayAsync(Said, daemon.Folder.Socket);

    [PublishedFact]
    public Task Over_TCP_it_does_the_same_with_a_key_and_knows_a_wrong_one() =>
        MustSayAsync(Said + "knows a wrong key\n", $"http://{daemon.Process.Address}/v1", daemon.Key);

    private static async Task MustSayAsync(string expected, params string[] arguments)
    {
        string? folder = Environment.GetEnvironmentVariable("ONLINERLHF_JAVASCRIPT");
        Assert.SkipUnless(folder is not null, "ONLINERLHF_JAVASCRIPT names no folder with OpenAI's library.");
        using Process node = Process.Start(
            new ProcessStartInfo("node", ["client.mjs", .. arguments])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        Task<string> errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string said = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode == 0, said + await errors);
        Assert.Equal(expected, said);
    }
}
