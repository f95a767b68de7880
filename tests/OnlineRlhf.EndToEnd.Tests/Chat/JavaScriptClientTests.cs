using System.Diagnostics;

namespace OnlineRlhf.EndToEnd.Tests.Chat;

/// <summary>OpenAI's own library for JavaScript. ONLINERLHF_JAVASCRIPT names the folder javascript after npm ci.</summary>
public sealed class JavaScriptClientTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    [PublishedFact]
    public async Task It_lists_models_chats_streams_and_reads_errors()
    {
        string? folder = Environment.GetEnvironmentVariable("ONLINERLHF_JAVASCRIPT");
        Assert.SkipUnless(folder is not null, "ONLINERLHF_JAVASCRIPT names no folder with OpenAI's library.");
        using Process node = Process.Start(
            new ProcessStartInfo("node", ["client.mjs", daemon.Folder.Socket])
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
        Assert.Equal("lists models\nchats\nstreams a further turn\ngets two answers\nreads errors\n", said);
    }
}
