using System.Diagnostics;

namespace OnlineRlhf.EndToEnd.Tests.CommandLine;

/// <summary>A verb that finds a daemon that hangs, or something that is no daemon, says so in one line and ends with code 75.</summary>
public sealed class WrongDaemonTests
{
    private static readonly string[] Verbs =
    [
        "status",
        "status --json",
        "ask Hello",
        "ask Hello --json",
        "prefer first",
        "prefer first --json",
        "prefer first --round 00000000-0000-0000-0000-000000000001",
    ];

    [PublishedFact]
    public async Task A_daemon_that_hangs_is_not_waited_for()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder);
        await daemon.WaitUntilConnectableAsync();
        Posix.Signal(daemon.Id, Posix.SigStop);
        long start = Stopwatch.GetTimestamp();
        Program.Ended[] ended = await Task.WhenAll(Verbs.Select(verb => Program.RunAsync(folder, verb.Split(' '))));

        Assert.All(ended, e => MustBeRefused(e, "10 seconds"));
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 10, 60);
    }

    [PublishedTheory]
    [InlineData("status")]
    [InlineData("ask Hello")]
    [InlineData("watch")]
    public async Task Who_may_not_talk_to_it_is_told_so_once(string verb)
    {
        using var folder = new TempFolder();
        await using var daemon = new Impostor(folder, Impostor.Health);
        File.SetUnixFileMode(folder.Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        // The program is copied to where another user may run it.
        File.SetUnixFileMode(folder.Root, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(Path.GetDirectoryName(folder.Socket)!, (UnixFileMode)0b111_101_101);
        string program = Path.Combine(folder.Root, "program");
        Assert.Equal(0, (await Program.RunAsync("cp", folder, [], null, "-r", Path.GetDirectoryName(Published.Path)!, program)).ExitCode);
        Program.Ended ended = await Program.RunAsync(
            "setpriv",
            folder,
            [],
            null,
            ["--reuid=65534", "--clear-groups", "--", Path.Combine(program, "onlinerlhf"), .. verb.Split(' ')]
        );
        Assert.SkipWhen(ended.Errors.StartsWith("setpriv", StringComparison.Ordinal), "Only root may become another user.");

        Assert.Equal((1, ""), (ended.ExitCode, ended.Output));
        Assert.Contains("You may not talk to the daemon", Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
    }

    [PublishedTheory]
    [InlineData("null", "application/json")]
    [InlineData("{}", "application/json")]
    [InlineData("{}", "application/json; charset=foo")]
    [InlineData("<html><body>Welcome</body></html>", "text/html")]
    public async Task What_is_no_daemon_is_not_taken_for_one(string says, string contentType)
    {
        using var folder = new TempFolder();
        await using var impostor = new Impostor(folder, says, contentType);
        foreach (string verb in Verbs)
            MustBeRefused(await Program.RunAsync(folder, verb.Split(' ')), "no onlinerlhf daemon");
    }

    [PublishedTheory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("<html><body>Welcome</body></html>")]
    public async Task A_reply_that_is_not_the_daemon_s_is_not_believed(string says)
    {
        using var folder = new TempFolder();
        await using var impostor = new Impostor(folder, says, isWell: true);
        foreach (string verb in Verbs.Where(v => !v.StartsWith("status", StringComparison.Ordinal)))
            MustBeRefused(await Program.RunAsync(folder, verb.Split(' ')), "no onlinerlhf daemon");
    }

    private static void MustBeRefused(Program.Ended ended, string says)
    {
        Assert.True((ended.ExitCode, ended.Output) is (75, ""), $"{ended.ExitCode}: {ended.Output}{ended.Errors}");
        Assert.Contains(says, Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
    }
}
