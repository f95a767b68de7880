using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>The build of the CPU backend is measured at a model's first start, kept, and told; a setting overrules it.</summary>
public sealed class EngineChoiceTests : IDisposable
{
    private const string Measured = "(measured now)",
        Kept = "(measured at the first start)";
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PublishedFact]
    public async Task The_choice_is_made_once_kept_and_shown_and_a_setting_overrules_it()
    {
        (JsonElement engine, string log, string status, string doctor) = await ServeAsync();
        Trial[] tried = Tried(engine);
        Assert.SkipWhen(tried.Length < 2, "One build only runs on this machine.");
        Assert.Contains(Measured, log, StringComparison.Ordinal);
        Assert.Equal(tried[0].Build, engine.GetProperty("cpu_variant").GetString());
        Assert.All(tried, t => Assert.True(t.Speed > 0));
        foreach (string told in (string[])[status, doctor])
        {
            Assert.Contains($"CPU backend {tried[0].Build}, 1 thread, ", told, StringComparison.Ordinal);
            Assert.Contains($"; {tried[^1].Build} ", told, StringComparison.Ordinal);
        }
        string file = Assert.Single(Directory.EnumerateFiles(_folder.State, "engine-*"));
        byte[] kept = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        (JsonElement again, log, _, _) = await ServeAsync();
        Assert.Contains(Kept, log, StringComparison.Ordinal);
        Assert.Equal(tried, Tried(again));

        (JsonElement overruled, log, status, _) = await ServeAsync("--cpu-variant", tried[^1].Build);
        Assert.DoesNotContain("(measured", log, StringComparison.Ordinal);
        Assert.Equal(tried[^1].Build, overruled.GetProperty("cpu_variant").GetString());
        Assert.Empty(Tried(overruled));
        Assert.Contains($"CPU backend {tried[^1].Build}\n", status, StringComparison.Ordinal);
        Assert.Equal(kept, await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken));

        // Another machine, and then a file that nobody can read.
        string another = (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Replace(
            "\"conditions\":\"",
            "\"conditions\":\"another-",
            StringComparison.Ordinal
        );
        foreach (string damaged in (string[])[another, "{"])
        {
            await File.WriteAllTextAsync(file, damaged, TestContext.Current.CancellationToken);
            (_, log, _, _) = await ServeAsync();
            Assert.Contains(Measured, log, StringComparison.Ordinal);
        }
    }

    [PublishedFact]
    public async Task A_daemon_that_is_stopped_or_killed_while_it_measures_leaves_no_process()
    {
        foreach (bool kill in (bool[])[false, true])
        {
            string state = Path.Combine(_folder.Root, $"state-{kill}");
            await using DaemonProcess daemon = DaemonProcess.StartMeasuring(_folder, [], "--state", state);
            while (Children(daemon.Id).Length == 0 && !daemon.HasExited && !daemon.Log.Contains("CPU backend", StringComparison.Ordinal))
                await Task.Delay(1, TestContext.Current.CancellationToken);
            int[] children = Children(daemon.Id);
            if (kill)
                await daemon.KillAsync();
            else
                Assert.Equal(0, (await daemon.StopAsync()).ExitCode);
            while (children.Any(IsBench))
                await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    private async Task<(JsonElement Engine, string Log, string Status, string Doctor)> ServeAsync(params string[] arguments)
    {
        await using DaemonProcess daemon = DaemonProcess.StartMeasuring(_folder, [], arguments);
        await daemon.WaitUntilReadyAsync();
        JsonElement engine = (await daemon.Client.GetAsync("/health")).Json.GetProperty("engine");
        string status = (await Program.RunAsync(_folder, "status")).Output,
            doctor = (await Program.RunAsync(_folder, "doctor")).Output;
        Assert.Equal(0, (await daemon.StopAsync()).ExitCode);
        return (engine, daemon.Log, status, doctor);
    }

    private static Trial[] Tried(JsonElement engine) =>
        [
            .. engine
                .GetProperty("tried")
                .EnumerateArray()
                .Select(t => new Trial(
                    t.GetProperty("cpu_variant").GetString()!,
                    t.GetProperty("threads").GetInt32(),
                    t.GetProperty("tokens_per_second").GetDouble()
                )),
        ];

    private static int[] Children(int process)
    {
        try
        {
            return
            [
                .. Directory
                    .EnumerateDirectories($"/proc/{process}/task")
                    .SelectMany(t => File.ReadAllText(Path.Combine(t, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Select(int.Parse),
            ];
        }
        catch (IOException)
        {
            // It has ended, or one of its threads has.
            return [];
        }
    }

    private static bool IsBench(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Contains("--one", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private sealed record Trial(string Build, int Threads, double Speed);
}
