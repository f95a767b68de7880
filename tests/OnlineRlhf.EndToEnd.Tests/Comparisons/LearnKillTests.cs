using System.Diagnostics;

namespace OnlineRlhf.EndToEnd.Tests.Comparisons;

/// <summary>SIGKILL of the client and of the daemon while a file is learned: it ends in the state of an uninterrupted run, bit for bit.</summary>
public sealed class LearnKillTests
{
    private const int Lines = 120;

    private static readonly string? DataSet = Environment.GetEnvironmentVariable("ONLINERLHF_PREFERENCES");

    public static bool HasDataSet => File.Exists(DataSet) && LearnedState.ComputesAlike && Published.Missing is null;

    [PublishedFact]
    public async Task Killed_on_either_side_it_goes_on_and_ends_in_the_same_state()
    {
        LearnedState whole = await UninterruptedAsync();
        using var folder = new TempFolder();
        string file = folder.Write("data.jsonl", PreferenceData.Lines(Lines));
        DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        try
        {
            foreach (int comparisons in new[] { 20, 45 })
            {
                using Process client = Start(folder, file);
                await UntilAsync(daemon, comparisons);
                Posix.Signal(client.Id, Posix.SigKill);
                await client.WaitForExitAsync(TestContext.Current.CancellationToken);
                Assert.Equal(128 + Posix.SigKill, client.ExitCode);
            }
            using (Process client = Start(folder, file))
            {
                await UntilAsync(daemon, 75);
                await daemon.KillAsync();
                Task<string> said = client.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
                string errors = await client.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
                await client.WaitForExitAsync(TestContext.Current.CancellationToken);
                Assert.Equal(75, client.ExitCode);
                Assert.Matches(
                    @"Stopped after line \d+ of 120, where the same command goes on\. No daemon answers",
                    Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries))
                );
                Assert.Matches(@"^Going on after line \d+ of 120\.", await said);
            }
            await daemon.DisposeAsync();
            daemon = await DaemonProcess.StartReadyAsync(folder);
            // The model's own answers between the comparisons change nothing either.
            await daemon.Client.AskAsync("Tell me a joke.");
            Program.Ended last = await Program.RunAsync(folder, "learn", file);
            Assert.Equal((0, ""), (last.ExitCode, last.Errors));
            Assert.EndsWith("Profile default holds 120.\n", last.Output, StringComparison.Ordinal);
            await daemon.KillAsync();
        }
        finally
        {
            await daemon.DisposeAsync();
        }
        MustBeSame(whole, LearnedState.Read(folder));
    }

    /// <summary>The same with a whole data set, across checkpoints; ten minutes or so.</summary>
    [Fact(
        Skip = "ONLINERLHF_PREFERENCES names no file of preferences, or DOTNET_EnableAVX is not 0.",
        SkipUnless = nameof(HasDataSet),
        Timeout = 1_800_000
    )]
    public async Task A_whole_data_set_ends_in_the_same_state_however_often_it_is_killed()
    {
        string file = DataSet!;
        LearnedState whole;
        using (var folder = new TempFolder())
        {
            await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
            {
                await LearnToTheEndAsync(folder, file);
                await daemon.StopAsync();
            }
            whole = LearnedState.Read(folder);
        }
        using var killed = new TempFolder();
        for (int stop = 1; stop <= 8; stop++)
        {
            await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(killed);
            using Process client = Start(killed, file);
            await UntilAsync(daemon, (int)(whole.Comparisons * stop / 9));
            if (stop % 2 == 0)
                await daemon.KillAsync();
            else
                Posix.Signal(client.Id, Posix.SigKill);
            await client.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.NotEqual(0, client.ExitCode);
        }
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(killed))
        {
            await LearnToTheEndAsync(killed, file);
            await daemon.KillAsync();
        }
        LearnedState last = LearnedState.Read(killed);
        Assert.Equal(whole.Comparisons, last.Comparisons);
        Assert.True(whole.Bits.AsSpan().SequenceEqual(last.Bits), "θ or the factor differ.");
        TestContext.Current.TestOutputHelper?.WriteLine($"{whole.Comparisons} comparisons, {whole.Bits.Length} equal bytes");

        static async Task LearnToTheEndAsync(TempFolder folder, string file)
        {
            using Process client = Start(folder, file);
            Task<string> output = client.StandardOutput.ReadToEndAsync(),
                errors = client.StandardError.ReadToEndAsync();
            await client.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(client.ExitCode == 0, await output + await errors);
        }
    }

    [PublishedFact]
    public async Task Told_to_stop_the_client_says_where_it_goes_on()
    {
        using var folder = new TempFolder();
        string file = folder.Write("data.jsonl", PreferenceData.Lines(Lines));
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        using Process client = Start(folder, file);
        await UntilAsync(daemon, 10);
        Posix.Signal(client.Id, Posix.SigTerm);
        string errors = await client.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await client.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.NotEqual(0, client.ExitCode);
        Assert.Matches(
            @"Stopped after line \d+ of 120: the same command goes on there",
            Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        );
        Assert.EndsWith("Profile default holds 120.\n", (await Program.RunAsync(folder, "learn", file)).Output, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task Where_the_state_was_deleted_or_put_back_that_is_told_and_it_ends_in_the_same_state()
    {
        LearnedState whole = await UninterruptedAsync();
        using var folder = new TempFolder();
        string file = folder.Write("data.jsonl", PreferenceData.Lines(Lines)),
            profiles = Path.Combine(folder.State, "profiles"),
            backup = Path.Combine(folder.Root, "backup");
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            using Process client = Start(folder, file);
            await UntilAsync(daemon, 40);
            await daemon.KillAsync();
            await client.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
        using (Process copy = Process.Start("cp", ["-a", profiles, backup]))
            await copy.WaitForExitAsync(TestContext.Current.CancellationToken);
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            await Program.RunAsync(folder, "learn", file);
            await daemon.StopAsync();
        }

        Directory.Delete(profiles, recursive: true);
        Directory.Move(backup, profiles);
        await LearnAgainAsync("is older than the position");

        Directory.Delete(profiles, recursive: true);
        await LearnAgainAsync("does not know what was learned from this file");

        async Task LearnAgainAsync(string says)
        {
            await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
            {
                Program.Ended ended = await Program.RunAsync(folder, "learn", file);
                Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
                Assert.Contains(says, ended.Output, StringComparison.Ordinal);
                await daemon.StopAsync();
            }
            MustBeSame(whole, LearnedState.Read(folder));
        }
    }

    private static async Task<LearnedState> UninterruptedAsync()
    {
        using var folder = new TempFolder();
        string file = folder.Write("data.jsonl", PreferenceData.Lines(Lines));
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            Program.Ended ended = await Program.RunAsync(folder, "learn", file);
            Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
            await daemon.StopAsync();
        }
        return LearnedState.Read(folder);
    }

    private static void MustBeSame(LearnedState expected, LearnedState actual)
    {
        Assert.Equal((Lines, Lines), (expected.Comparisons, actual.Comparisons));
        Assert.True(expected.Bits.AsSpan().SequenceEqual(actual.Bits), "θ or the factor differ.");
    }

    private static Process Start(TempFolder folder, string file)
    {
        Process client = Process.Start(Program.Describe(folder, [], ["learn", file]))!;
        client.StandardInput.Close();
        return client;
    }

    /// <summary>Waits until the profile has learned so many.</summary>
    private static async Task UntilAsync(DaemonProcess daemon, int comparisons)
    {
        while ((await daemon.Client.GetAsync($"/v1/comparisons/{Guid.NewGuid()}")).Comparisons < comparisons)
            await Task.Delay(2, TestContext.Current.CancellationToken);
    }
}
