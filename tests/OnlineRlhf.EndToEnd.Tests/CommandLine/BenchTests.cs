using System.Diagnostics;
using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.CommandLine;

/// <summary>The comparison of threads, builds and devices, and the setting that it offers.</summary>
public sealed class BenchTests
{
    [PublishedFact]
    public async Task Every_build_that_runs_here_is_measured_and_can_be_chosen()
    {
        using var folder = new TempFolder();
        Program.Ended bench = await Program.RunAsync(folder, "bench", "--json");
        Assert.True(bench.ExitCode == 0, bench.Errors);
        JsonElement[] runs = [.. JsonSerializer.Deserialize<JsonElement>(bench.Output).EnumerateArray()];
        Assert.All(
            runs,
            run => Assert.True(run.GetProperty("tokens_per_second").GetDouble() > 0 && run.GetProperty("prompt_tokens_per_second").GetDouble() > 0)
        );
        Assert.Equal(1, runs[0].GetProperty("threads").GetInt32());

        // The one that llama.cpp would not take.
        string variant = runs[^1].GetProperty("cpu_variant").GetString()!;
        await using DaemonProcess daemon = DaemonProcess.Start(folder, "--cpu-variant", variant);
        await daemon.WaitUntilReadyAsync();
        string[] loaded =
        [
            .. (await File.ReadAllLinesAsync($"/proc/{daemon.Id}/maps", TestContext.Current.CancellationToken)).Where(l =>
                l.Contains("libggml-cpu-", StringComparison.Ordinal)
            ),
        ];
        // The first library of the folder that is asked for its score stays mapped, whichever that is: the C++ library never unloads it.
        Assert.Contains(loaded, line => line.EndsWith($"libggml-cpu-{variant}.so", StringComparison.Ordinal));
        Reply health = await daemon.Client.GetAsync("/health");
        Assert.Equal(variant, health.Json.GetProperty("engine").GetProperty("cpu_variant").GetString());
    }

    [PublishedFact]
    public async Task The_table_is_read_by_people()
    {
        using var folder = new TempFolder();
        Program.Ended bench = await Program.RunAsync(folder, "bench");

        Assert.Equal(0, bench.ExitCode);
        Assert.Contains("tokens/s", bench.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("set device", bench.Output, StringComparison.Ordinal);
        Assert.Contains(
            "settings",
            bench.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^2] + bench.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1],
            StringComparison.Ordinal
        );
    }

    [PublishedFact]
    public async Task It_warns_of_a_daemon_and_stops_when_it_is_told_to()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder);
        await daemon.WaitUntilConnectableAsync();
        using Process bench = Process.Start(Program.Describe(folder, [], ["bench"]))!;
        Assert.Matches(
            @"a daemon runs \(process \d+\) .* stop it first",
            await bench.StandardError.ReadLineAsync(TestContext.Current.CancellationToken)
        );
        Assert.StartsWith("device", await bench.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Posix.Signal(bench.Id, Posix.SigTerm);
        await bench.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            (1, "onlinerlhf: Stopped.\n"),
            (bench.ExitCode, await bench.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken))
        );
    }

    [PublishedFact]
    public async Task A_build_that_does_not_run_here_stops_the_start()
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, "serve", "--cpu-variant", "armv99");

        Assert.Equal(78, ended.ExitCode);
        Assert.Contains("cpu_variant: armv99", ended.Errors, StringComparison.Ordinal);
    }
}
