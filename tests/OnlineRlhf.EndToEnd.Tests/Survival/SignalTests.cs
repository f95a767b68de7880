using System.Diagnostics;
using System.Globalization;

namespace OnlineRlhf.EndToEnd.Tests.Survival;

/// <summary>Signals that other daemons reload their settings at, and the end of a terminal.</summary>
public sealed class SignalTests
{
    [PublishedTheory]
    [InlineData(Posix.SigHangUp, "SIGHUP")]
    [InlineData(Posix.SigUser1, "SIGUSR1")]
    [InlineData(Posix.SigUser2, "SIGUSR2")]
    public async Task The_daemon_goes_on_and_says_that_it_reloads_nothing(int signal, string name)
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        Posix.Signal(daemon.Id, signal);
        for (long start = Stopwatch.GetTimestamp(); !Said().Any(); await Task.Delay(20, TestContext.Current.CancellationToken))
            Assert.True(!daemon.HasExited && Stopwatch.GetElapsedTime(start) < Program.Patience, daemon.Log);

        Assert.Contains($"{name}: nothing is reloaded", Assert.Single(Said()), StringComparison.Ordinal);
        Assert.Equal(201, (await daemon.Client.AskAsync("Hello")).Status);
        Assert.Equal(0, (await daemon.StopAsync()).ExitCode);

        IEnumerable<string> Said() => daemon.Log.Split('\n').Where(line => line.Contains(name, StringComparison.Ordinal));
    }

    [PublishedTheory]
    [InlineData("serve --threads 1", "Ready")]
    [InlineData("demo --threads 1 --taste all --seeds 100", "")]
    public async Task What_runs_on_a_terminal_ends_with_it(string verb, string until)
    {
        using var folder = new TempFolder();
        await using TerminalSession session = TerminalSession.Start(folder, [], 200, 40, verb.Split(' '));
        long began = Stopwatch.GetTimestamp();
        while (session.Sent.Length == 0 || !session.Sent.Contains(until, StringComparison.Ordinal))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Program.Patience, session.Sent);
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
        int program = session.ProgramId;
        session.Close();

        for (long start = Stopwatch.GetTimestamp(); IsAlive(program); await Task.Delay(20, TestContext.Current.CancellationToken))
        {
            if (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30))
                continue;
            Posix.Signal(program, Posix.SigKill);
            Assert.Fail("It runs on without its terminal.");
        }
        // A clean end takes the socket away.
        Assert.Null(Posix.Mode(folder.Socket));
    }

    [PublishedFact]
    public async Task A_verb_ends_cleanly_when_its_terminal_is_closed()
    {
        using var folder = new TempFolder();
        // It waits for the end of its input.
        ProcessStartInfo start = Program.Describe(folder, [], ["ask"]);
        using Process ask = Process.Start(start)!;
        Task<string> errors = ask.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        for (
            long started = Stopwatch.GetTimestamp();
            !Handles(ask.Id, Posix.SigHangUp) && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30);

        )
            await Task.Delay(20, TestContext.Current.CancellationToken);
        await Task.Delay(500, TestContext.Current.CancellationToken);
        Posix.Signal(ask.Id, Posix.SigHangUp);
        await ask.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((1, "onlinerlhf: Stopped.\n"), (ask.ExitCode, await errors));
    }

    private static bool Handles(int process, int signal)
    {
        const string field = "SigCgt:";
        string handled = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith(field, StringComparison.Ordinal));
        return (ulong.Parse(handled[field.Length..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) >> (signal - 1) & 1) != 0;
    }

    private static bool IsAlive(int process) =>
        File.Exists($"/proc/{process}/stat") && !File.ReadAllText($"/proc/{process}/stat").Split(')')[^1].StartsWith(" Z", StringComparison.Ordinal);
}
