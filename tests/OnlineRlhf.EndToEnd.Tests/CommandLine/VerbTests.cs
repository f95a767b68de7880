using System.Diagnostics;
using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.CommandLine;

/// <summary>ask, prefer and status against the running daemon, in words and as JSON.</summary>
public sealed class VerbTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    [PublishedFact]
    public async Task Whoever_watches_a_profile_that_cannot_be_is_told_so()
    {
        Program.Ended watch = await RunAsync("watch", "--profile", "a b");
        Assert.Equal(2, watch.ExitCode);
        Assert.Contains("profile", watch.Errors, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_round_can_be_played_in_words()
    {
        Program.Ended asked = await RunAsync("ask", "--profile", "words", "How", "do", "I", "make", "tea?");
        Assert.Equal((0, ""), (asked.ExitCode, asked.Errors));
        Assert.Contains("first:\n  ", asked.Output, StringComparison.Ordinal);
        Assert.Contains("second:\n  ", asked.Output, StringComparison.Ordinal);
        Assert.Contains("onlinerlhf prefer", asked.Output, StringComparison.Ordinal);

        Program.Ended learned = await RunAsync("prefer", "first", "--profile", "words");
        Assert.Equal((0, ""), (learned.ExitCode, learned.Errors));
        Assert.Equal("Recorded; comparison 1 of profile words.\n", learned.Output);

        Program.Ended again = await RunAsync("prefer", "first", "--profile", "words");
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("no open round", Assert.Single(again.ErrorLines), StringComparison.Ordinal);
        Assert.Contains("onlinerlhf ask --profile words", again.Errors, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task The_command_that_answers_names_the_same_socket_and_profile()
    {
        Program.Ended asked = await RunAsync("ask", "--socket", daemon.Folder.Socket, "--profile", "same", "How do I make tea?");
        Assert.Contains($"onlinerlhf prefer --socket {daemon.Folder.Socket} --profile same first", asked.Output, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_round_can_be_played_as_json()
    {
        Program.Ended asked = await RunAsync("ask", "--json", "--profile", "json", "How do I make tea?");
        string id = JsonSerializer.Deserialize<JsonElement>(asked.Output).GetProperty("id").GetString()!;
        Program.Ended learned = await RunAsync("prefer", "second", "--round", id, "--json");
        Assert.Equal((0, 0), (asked.ExitCode, learned.ExitCode));
        Assert.Equal(1, JsonSerializer.Deserialize<JsonElement>(learned.Output).GetProperty("comparisons").GetInt32());

        Program.Ended other = await RunAsync("prefer", "first", "--round", id, "--json");
        Assert.Equal(1, other.ExitCode);
        Assert.Equal(409, JsonSerializer.Deserialize<JsonElement>(other.Output).GetProperty("status").GetInt32());
    }

    [PublishedFact]
    public async Task The_request_can_come_from_standard_input_and_only_be_answered()
    {
        Program.Ended answered = await Program.RunAsync(daemon.Folder, [], "How do I make tea?\n", "ask", "--ask", "never", "--profile", "piped");
        Assert.Equal((0, ""), (answered.ExitCode, answered.Errors));
        Assert.DoesNotContain("second:", answered.Output, StringComparison.Ordinal);
        Assert.NotEmpty(answered.Output.Trim());

        Program.Ended nothing = await Program.RunAsync(daemon.Folder, [], "  \n", "ask");
        Assert.Equal(2, nothing.ExitCode);
        Assert.Single(nothing.ErrorLines);
    }

    [PublishedFact]
    public async Task Where_somebody_sits_at_a_terminal_nothing_is_waited_for()
    {
        await using TerminalSession terminal = TerminalSession.Start(daemon.Folder, [], 100, 30, "ask");

        Assert.Equal(2, await terminal.WaitForExitAsync());
        Assert.Contains("say what to ask", terminal.Sent, StringComparison.Ordinal);
    }

    [PublishedTheory]
    [InlineData(Posix.SigInterrupt, 1)]
    [InlineData(Posix.SigInterrupt, 2)]
    [InlineData(Posix.SigTerm, 2)]
    public async Task A_signal_ends_what_waits_for_its_input(int signal, int times)
    {
        using Process asking = Process.Start(Program.Describe(daemon.Folder, [], ["ask"]))!;
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        for (int i = 0; i < times; i++)
            Posix.Signal(asking.Id, signal);
        await asking
            .WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(9), TestContext.Current.CancellationToken);

        // The second may come when the first has ended the program already, or end it as if nobody listened.
        Assert.True(asking.ExitCode == 1 || (times == 2 && asking.ExitCode == 128 + signal), $"It ended with {asking.ExitCode}.");
        string errors = await asking.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(errors is "onlinerlhf: Stopped.\n" || (times == 2 && errors.Length == 0), errors);
    }

    [PublishedFact]
    public async Task A_word_that_begins_with_an_at_sign_is_a_word_and_no_file_is_read()
    {
        string file = daemon.Folder.Write("words", "--wings");
        Program.Ended name = await RunAsync("ask", "--profile", "at", "@alice asks how to make tea"),
            path = await RunAsync("ask", "--profile", "at", $"@{file}");

        Assert.Equal((0, ""), (name.ExitCode, name.Errors));
        Assert.Equal((0, ""), (path.ExitCode, path.Errors));
    }

    [PublishedFact]
    public async Task A_skipped_round_is_said_to_be_forgotten()
    {
        await RunAsync("ask", "--profile", "skips", "How do I make tea?");

        Assert.Equal("Skipped; nothing was recorded.\n", (await RunAsync("prefer", "skip", "--profile", "skips")).Output);
    }

    [PublishedFact]
    public async Task What_the_daemon_refuses_is_one_line_in_words()
    {
        Program.Ended refused = await RunAsync("ask", "--profile", "../x", "Hello");
        Program.Ended tooLong = await Program.RunAsync(daemon.Folder, [], string.Join(' ', Enumerable.Repeat("tea", 20_000)), "ask");

        Program.Ended tooLarge = await Program.RunAsync(daemon.Folder, [], new string('a', 1_000_000), "ask");

        Assert.Equal((1, 1, 1), (refused.ExitCode, tooLong.ExitCode, tooLarge.ExitCode));
        Assert.Contains("262144 bytes", Assert.Single(tooLarge.ErrorLines), StringComparison.Ordinal);
        Assert.Contains("profile", Assert.Single(refused.ErrorLines), StringComparison.Ordinal);
        Assert.Contains("context", Assert.Single(tooLong.ErrorLines), StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task Status_says_how_the_daemon_is()
    {
        Program.Ended words = await RunAsync("status"),
            json = await RunAsync("status", "--json");

        Assert.Equal((0, 0), (words.ExitCode, json.ExitCode));
        Assert.StartsWith("ready, version ", words.Output, StringComparison.Ordinal);
        Assert.Matches(@"device +CPU: \S", words.Output);
        Assert.Matches(@"rounds +8 answers of up to \d+ tokens each, within 30 s \(measured: [\d.]+ tokens/s\)", words.Output);
        Assert.Equal("ready", JsonSerializer.Deserialize<JsonElement>(json.Output).GetProperty("status").GetString());
    }

    [PublishedTheory]
    [InlineData("ask Hello")]
    [InlineData("prefer first")]
    [InlineData("status")]
    [InlineData("status --json")]
    public async Task Where_no_daemon_runs_a_verb_says_how_to_start_one(string arguments)
    {
        using var elsewhere = new TempFolder();
        Program.Ended ended = await Program.RunAsync(elsewhere, arguments.Split(' '));

        Assert.Equal(75, ended.ExitCode);
        string line = Assert.Single(ended.ErrorLines);
        Assert.Contains("onlinerlhf serve", line, StringComparison.Ordinal);
        Assert.Contains(elsewhere.Socket, line, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task Status_of_a_loading_daemon_is_transient()
    {
        using var folder = new TempFolder();
        await using DaemonProcess loading = DaemonProcess.Start(folder);
        await loading.WaitUntilConnectableAsync();
        Program.Ended status = await Program.RunAsync(folder, "status");

        Assert.True((status.ExitCode, status.Output.Split(',')[0]) is (75, "loading") or (0, "ready"), status.Output);
    }

    private Task<Program.Ended> RunAsync(params string[] arguments) => Program.RunAsync(daemon.Folder, arguments);
}
