using System.Diagnostics;
using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.CommandLine;

public sealed class CurlTests
{
    [PublishedFact]
    public async Task Curl_alone_is_client_enough()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        JsonElement round = await CurlAsync(
            folder,
            "http://localhost/v1/rounds",
            "-d",
            """{"messages": [{"role": "user", "content": "How do I make tea?"}]}"""
        );
        JsonElement learned = await CurlAsync(
            folder,
            $"http://localhost/v1/rounds/{round.GetProperty("id").GetString()}/feedback",
            "-d",
            """{"preferred": "first"}"""
        );
        JsonElement refused = await CurlAsync(folder, "http://localhost/v1/rounds", "-d", "{}");

        Assert.Equal(1, learned.GetProperty("comparisons").GetInt32());
        Assert.Equal(400, refused.GetProperty("status").GetInt32());
    }

    private static async Task<JsonElement> CurlAsync(TempFolder folder, params string[] arguments)
    {
        Process? started;
        try
        {
            started = Process.Start(
                new ProcessStartInfo("curl", ["--silent", "--show-error", "--unix-socket", folder.Socket, .. arguments])
                {
                    RedirectStandardOutput = true,
                }
            );
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("curl is not installed.");
            throw;
        }
        using Process curl = started!;
        string output = await curl.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await curl.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, curl.ExitCode);
        return JsonSerializer.Deserialize<JsonElement>(output);
    }
}
