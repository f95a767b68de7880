namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>A wrong setting stops the start with one line that names it, and code 78; a wrong command line with code 2.</summary>
public sealed class ConfigurationTests
{
    public static TheoryData<string, string> WrongSettings { get; } =
        new()
        {
            { "threads", "-1" },
            { "threads", "many" },
            { "threads", "1.5" },
            { "context", "1" },
            { "candidates", "0" },
            { "candidates", "17" },
            { "max_tokens", "0" },
            { "temperature", "0" },
            { "temperature", "NaN" },
            { "ask", "sometimes" },
            { "step_size", "-1" },
            { "regularization", "0" },
            { "exploration", "-0.5" },
            { "usefulness", "-1" },
            { "round_lifetime", "0" },
            { "queue", "-1" },
            { "conversations", "0" },
            { "conversation_lifetime", "0" },
            { "load_wait", "-1" },
            { "natives", "/nowhere/at/all" },
            { "model", "/nowhere/model.gguf" },
        };

    [PublishedTheory]
    [MemberData(nameof(WrongSettings))]
    public async Task A_wrong_flag_is_refused(string key, string value)
    {
        using var folder = new TempFolder();

        MustRefuse(await Program.RunAsync(folder, "serve", $"--{key.Replace('_', '-')}={value}"), key);
    }

    [PublishedTheory]
    [InlineData("serve", "socket", "")]
    [InlineData("serve", "socket", "/")]
    [InlineData("serve", "state", "")]
    [InlineData("serve", "config", "")]
    [InlineData("serve", "style_hints", "")]
    [InlineData("demo", "model", "")]
    [InlineData("status", "socket", "")]
    [InlineData("status", "socket", "/")]
    [InlineData("prefer first", "socket", "")]
    [InlineData("ask Hello", "socket", "")]
    public async Task A_value_that_says_nothing_is_refused_by_every_verb(string verb, string key, string value)
    {
        using var folder = new TempFolder();

        MustRefuse(await Program.RunAsync(folder, [.. verb.Split(' '), $"--{key.Replace('_', '-')}", value]), key);
    }

    [PublishedFact]
    public async Task What_nobody_foresaw_is_one_line_with_its_type()
    {
        using var folder = new TempFolder();
        // No service manager names folders so.
        Program.Ended ended = await Program.RunAsync(folder, new Variables { ["STATE_DIRECTORY"] = ":" }, null, "serve");

        Assert.Equal(1, ended.ExitCode);
        Assert.StartsWith("onlinerlhf: unexpected System.ArgumentException: ", Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
    }

    [PublishedTheory]
    [InlineData("queue", "lots")]
    [InlineData("ask", "no")]
    [InlineData("temperature", "hot")]
    public async Task A_wrong_environment_variable_is_refused(string key, string value)
    {
        using var folder = new TempFolder();

        MustRefuse(await Program.RunAsync(folder, new Variables { [$"ONLINERLHF_{key.ToUpperInvariant()}"] = value }, null, "serve"), key);
    }

    [PublishedTheory]
    [InlineData("""{"candidates": 0}""", "candidates")]
    [InlineData("""{"candidates": "two"}""", "candidates")]
    [InlineData("""{"candidates": [2]}""", "candidates")]
    [InlineData("""{"candidates": true}""", "candidates")]
    [InlineData("""{"candidate": 2}""", "candidate")]
    [InlineData("""{"Candidates": 2}""", "Candidates")]
    [InlineData("[]", "object")]
    [InlineData("{", "JSON")]
    [InlineData("{\n  \"threads\": 1,\n  context: 128\n}", "line 3: ")]
    [InlineData("""{"thread": 2}""", "did you mean threads?")]
    [InlineData("""{"thraeds_": 2, "x": 1}""", "; known are")]
    [InlineData("""{"lampz": "ready:5"}""", "did you mean lamps?")]
    [InlineData("""{"threads": "two"}""", "settings.json: threads must be a whole number")]
    [InlineData("", "JSON")]
    [InlineData("\u0001\u0002", "JSON")]
    [InlineData("""{"socket": ""}""", "socket")]
    [InlineData("""{"socket": "\u0000x"}""", "socket")]
    [InlineData("""{"state": "\u0000x"}""", "state")]
    [InlineData("""{"model": "\u0000x"}""", "model")]
    [InlineData("""{"natives": "\u0000x"}""", "natives")]
    [InlineData("""{"style_hints": "\ud800"}""", "style_hints")]
    [InlineData("""{"\ud800": "1"}""", "Unicode")]
    public async Task A_wrong_file_is_refused(string content, string names)
    {
        using var folder = new TempFolder();
        string file = folder.Write("settings.json", content);
        Program.Ended ended = await Program.RunAsync(folder, "serve", "--config", file);

        MustRefuse(ended, names);
    }

    [PublishedTheory]
    [InlineData("Explain, ", 60)]
    [InlineData("水", 150)]
    public async Task Style_hints_that_leave_no_room_in_the_context_are_refused(string word, int times)
    {
        using var folder = new TempFolder();
        string hint = string.Concat(Enumerable.Repeat(word, times));
        string file = folder.Write("settings.json", $$"""{"context": 128, "style_hints": "Be warm.|{{hint}}"}""");

        MustRefuse(await Program.RunAsync(folder, "serve", "--threads", "1", "--config", file), "style_hints");
    }

    [PublishedFact]
    public async Task A_file_that_cannot_be_read_is_refused()
    {
        using var folder = new TempFolder();

        MustRefuse(await Program.RunAsync(folder, "serve", "--config", folder.Root), folder.Root);
        MustRefuse(await Program.RunAsync(folder, "serve", "--config", "/nowhere/settings.json"), "/nowhere/settings.json");
    }

    [PublishedFact]
    public async Task A_flag_wins_over_the_environment_and_the_environment_over_the_file()
    {
        using var folder = new TempFolder();
        string file = folder.Write("settings.json", """{"candidates": 3, "max_tokens": 5, "ask": "never", /* comments are fine */ "queue": 1,}""");
        await using DaemonProcess daemon = DaemonProcess.Start(
            folder,
            new Variables { ["ONLINERLHF_MAX_TOKENS"] = "6", ["ONLINERLHF_ASK"] = "always" },
            "--config",
            file,
            "--max-tokens",
            "7"
        );
        await daemon.WaitUntilReadyAsync();
        Reply round = await daemon.Client.AskForTwoAsync("Can you tell me about the moon?");

        Assert.InRange(round.Json.GetProperty("candidates").GetInt32(), 2, 3);
        Assert.InRange(round.Json.GetProperty("first").GetProperty("tokens").GetInt32(), 1, 7);
        Assert.Equal(400, (await daemon.Client.AskAsync("Hello", more: """ "candidates": 4 """)).Status);
    }

    [PublishedTheory]
    [InlineData("buttons", "onlinerlhf buttons test")]
    [InlineData("model", "onlinerlhf model check or onlinerlhf model use")]
    public async Task A_verb_without_its_second_word_says_which_there_are(string verb, string says)
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, verb);

        Assert.Equal(2, ended.ExitCode);
        Assert.Contains($"say what to do: {says};", Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
    }

    [PublishedTheory]
    [InlineData("fly")]
    [InlineData("serve --wings 2")]
    [InlineData("serve --threads")]
    [InlineData("prefer")]
    [InlineData("prefer third")]
    [InlineData("prefer first --round 12")]
    [InlineData("demo --taste salty")]
    [InlineData("demo --presses -1")]
    [InlineData("demo --seed x")]
    public async Task A_wrong_command_line_is_a_usage_error(string arguments)
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, arguments.Split(' '));

        Assert.Equal(2, ended.ExitCode);
        Assert.StartsWith("onlinerlhf: ", ended.Errors, StringComparison.Ordinal);
        Assert.InRange(ended.ErrorLines.Length, 1, 4);
    }

    [PublishedTheory]
    [InlineData("--help", "serve")]
    [InlineData("serve --help", "ONLINERLHF_MODEL")]
    [InlineData("demo --help", "--taste")]
    [InlineData("--version", "0.2.0")]
    public async Task Help_is_no_error(string arguments, string says)
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, arguments.Split(' '));

        Assert.Equal(0, ended.ExitCode);
        Assert.Contains(says, ended.Output, StringComparison.Ordinal);
    }

    private static void MustRefuse(Program.Ended ended, string names)
    {
        Assert.True(ended.ExitCode == 78, $"{ended.ExitCode}: {ended.Output}{ended.Errors}");
        string line = Assert.Single(ended.ErrorLines);
        Assert.StartsWith("onlinerlhf: ", line, StringComparison.Ordinal);
        Assert.Contains(names, line, StringComparison.Ordinal);
    }
}
