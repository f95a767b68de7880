using System.Text.RegularExpressions;

namespace OnlineRlhf.EndToEnd.Tests.Watching;

/// <summary>onlinerlhf watch on a real terminal, with the real daemon.</summary>
public sealed class WatchTests
{
    private const int SigHangUp = 1;

    [PublishedFact]
    public async Task A_pair_appears_and_what_is_answered_elsewhere_shows()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await using TerminalSession watch = TerminalSession.Start(folder, [], 100, 30, "watch");
        await watch.UntilAsync("Nothing is open.");
        Reply round = await daemon.Client.AskForTwoAsync("How do I make tea?", "anna");
        string screen = await watch.UntilAsync("Second (key 2)");

        Assert.Contains("onlinerlhf: anna", screen, StringComparison.Ordinal);
        Assert.Contains(Words(round.First, 3), screen, StringComparison.Ordinal);
        Assert.Contains(Words(round.Second!, 3), screen, StringComparison.Ordinal);
        await daemon.Client.PreferAsync(round.Id, "second");
        screen = await watch.UntilAsync("Recorded: comparison 1 of anna.");
        Assert.Contains("Nothing is open.", screen, StringComparison.Ordinal);
        Assert.Contains("1 comparison recorded", screen, StringComparison.Ordinal);
        await watch.UntilAsync(s => !s.Contains("Recorded:", StringComparison.Ordinal), "no notice any more");
    }

    [PublishedFact]
    public async Task A_key_answers_the_pair_on_the_screen_once()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await using TerminalSession watch = TerminalSession.Start(folder, [], 100, 30, "watch");
        await watch.UntilAsync("Nothing is open.");
        await watch.PressAsync("1");
        await watch.UntilAsync("Key 1: Nothing is open: it counts for nothing.");
        Reply round = await daemon.Client.AskForTwoAsync();
        await watch.UntilAsync("Second (key 2)");
        await Task.Delay(500, TestContext.Current.CancellationToken);
        // The digits in the sequence of a function key are no keys.
        await watch.PressAsync("\e[15~2\e[2~1");
        await watch.UntilAsync("Recorded: comparison 1 of default.");

        Reply again = await daemon.Client.PreferAsync(round.Id, "second");
        Assert.Equal((200, 1), (again.Status, again.Comparisons));
        Assert.Equal(409, (await daemon.Client.PreferAsync(round.Id, "first")).Status);
        await watch.PressAsync("q");
        Assert.Equal(0, await watch.WaitForExitAsync());
    }

    [PublishedFact]
    public async Task A_daemon_that_is_killed_is_said_to_be_away_and_followed_again_when_it_is_back()
    {
        using var folder = new TempFolder();
        await using TerminalSession watch = TerminalSession.Start(folder, [], 80, 24, "watch");
        await watch.UntilAsync("No connection to the daemon.");
        await using (DaemonProcess first = await DaemonProcess.StartReadyAsync(folder))
        {
            await first.Client.AskForTwoAsync();
            await watch.UntilAsync("Second (key 2)");
            await first.KillAsync();
        }
        string away = await watch.UntilAsync("No connection to the daemon.");
        Assert.DoesNotContain("Second (key 2)", away, StringComparison.Ordinal);
        await using DaemonProcess second = await DaemonProcess.StartReadyAsync(folder);
        await watch.UntilAsync("Nothing is open.");
        await second.Client.AskForTwoAsync();

        await watch.UntilAsync("Second (key 2)");
    }

    [PublishedTheory]
    [InlineData(Posix.SigTerm)]
    [InlineData(Posix.SigInterrupt)]
    [InlineData(SigHangUp)]
    public async Task A_signal_ends_it_and_the_terminal_is_as_it_was(int signal)
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await using TerminalSession watch = TerminalSession.Start(folder, [], 80, 24, "watch");
        await daemon.Client.AskForTwoAsync();
        await watch.UntilAsync("Second (key 2)");
        Assert.True(watch.Screen is { IsOther: true, HasCursor: false, Wraps: false });
        watch.Signal(signal);

        Assert.Equal(0, await watch.WaitForExitAsync());
        Assert.True(watch.Screen is { IsOther: false, HasCursor: true, Wraps: true, Text: "" });
    }

    [PublishedFact]
    public async Task Stopped_by_the_shell_and_brought_back_it_takes_keys_again()
    {
        const int sigTerminalStop = 20,
            sigContinue = 18;
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await using TerminalSession watch = TerminalSession.Start(folder, [], 80, 24, "watch");
        await daemon.Client.AskForTwoAsync();
        await watch.UntilAsync("Second (key 2)");
        watch.Signal(sigTerminalStop);
        await watch.UntilAsync(_ => !watch.Screen.IsOther, "the shell's screen");
        watch.Signal(sigContinue);
        await watch.UntilAsync("Second (key 2)");
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        await watch.PressAsync("2");

        await watch.UntilAsync("Recorded: comparison 1 of default.");
    }

    [PublishedFact]
    public async Task A_daemon_that_cannot_start_is_not_woken_every_second()
    {
        using var folder = new TempFolder();
        await using var refusing = new Impostor(
            folder,
            """{"type": "about:blank", "title": "Not ready", "status": 503, "detail": "threads: -1 is too few", "reason": "cannot-start"}""",
            "application/problem+json",
            status: "503 Service Unavailable"
        );
        Program.Ended ended = await Program.RunAsync("/bin/sh", folder, [], null, "-c", $"timeout 5 '{Published.Path}' watch");
        string line = Assert.Single(ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("The daemon cannot start: threads: -1 is too few", line, StringComparison.Ordinal);
        Assert.Equal(1, refusing.Answered);
    }

    [PublishedFact]
    public async Task Where_its_lines_cannot_be_written_it_says_so()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        Program.Ended ended = await Program.RunAsync("/bin/sh", folder, [], null, "-c", $"'{Published.Path}' watch > /dev/full");
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("the lines cannot be written", ended.Errors, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_narrower_terminal_is_drawn_anew_with_one_answer_above_the_other()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await using TerminalSession watch = TerminalSession.Start(folder, new Variables { ["NO_COLOR"] = "1" }, 100, 30, "watch");
        await daemon.Client.AskForTwoAsync();
        await watch.UntilAsync(s => Regex.IsMatch(s, "^First .*│ Second ", RegexOptions.Multiline), "both side by side");
        await watch.ResizeAsync(40, 20);

        string narrow = await watch.UntilAsync(s => Regex.IsMatch(s, "^Second ", RegexOptions.Multiline), "one above the other");
        Assert.All(narrow.Split('\n'), line => Assert.InRange(line.Length, 0, 40));
        Assert.DoesNotMatch("\e\\[[0-9;]*m", watch.Sent[..watch.Sent.LastIndexOf("\e[2J", StringComparison.Ordinal)]);
    }

    [PublishedFact]
    public async Task In_a_pipe_it_prints_lines_without_the_answers_unless_they_are_asked_for()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        // head ends after so many lines, and that ends watch.
        Task<Program.Ended> silent = PipeAsync(folder, "watch", 4),
            open = PipeAsync(folder, "watch --text", 6);
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        Reply round = await daemon.Client.AskForTwoAsync(profile: "anna");
        await daemon.Client.PreferAsync(round.Id, "first");
        for (int i = 0; i < 4 && !(silent.IsCompleted && open.IsCompleted); i++)
            await daemon.Client.AskForTwoAsync(profile: "anna");
        string lines = (await silent).Output,
            texts = (await open).Output;

        Assert.Contains("Connected.", lines, StringComparison.Ordinal);
        Assert.Contains("anna: writing answers.", lines, StringComparison.Ordinal);
        Assert.Matches(@"anna: a pair is open, of \d+ tokens? and \d+ tokens?\.", lines);
        Assert.DoesNotContain(Words(round.First, 3), lines, StringComparison.Ordinal);
        Assert.Contains($"First: {Words(round.First, 3)}", texts, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', lines + texts);
    }

    private static Task<Program.Ended> PipeAsync(TempFolder folder, string verb, int lines) =>
        Program.RunAsync("/bin/sh", folder, [], null, "-c", $"'{Published.Path}' {verb} | head -n {lines}");

    private static string Words(string answer, int count) =>
        string.Join(' ', answer.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Take(count));
}
