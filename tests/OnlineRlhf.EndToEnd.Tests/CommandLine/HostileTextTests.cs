using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.CommandLine;

/// <summary>What a model, a file or a server says drives no terminal and forges no line.</summary>
public sealed class HostileTextTests
{
    private const string Answer = """{"text":"one\n\ttwo\u001b[2J\u202e\u009b1mred","tokens":3}""";

    private const string Round = $$"""
        {"id":"3f2504e0-4f89-41d3-9a0c-0305e82c3301","profile":"default","asked":true,"first":{{Answer}},"second":{{Answer}},
         "candidates":2,"uncertainty":0.5,
         "created_at":"2026-01-01T00:00:00Z","expires_at":"2026-01-01T00:00:00Z"}
        """;

    [PublishedFact]
    public async Task An_answer_keeps_its_lines_and_tabs_and_nothing_else_that_moves_a_cursor()
    {
        using var folder = new TempFolder();
        await using var daemon = new Impostor(folder, Round, isWell: true);
        Program.Ended plain = await Program.RunAsync(folder, "ask", "Hello"),
            json = await Program.RunAsync(folder, "ask", "Hello", "--json");

        const string Clean = "  one\n  \ttwo?[2J?1mred";
        Assert.Equal($"first:\n{Clean}\n\nsecond:\n{Clean}\n\nonlinerlhf prefer first | second | tie | skip\n", plain.Output);
        Assert.Equal(Round + "\n", json.Output);
    }

    [PublishedFact]
    public async Task Json_keeps_its_value_where_it_holds_what_drives_a_terminal()
    {
        using var folder = new TempFolder();
        string raw = Round.Replace(@"\u009b", "\u009b", StringComparison.Ordinal).Replace(@"\u202e", "\u202e", StringComparison.Ordinal);
        await using var daemon = new Impostor(folder, raw, isWell: true);
        Program.Ended json = await Program.RunAsync(folder, "ask", "Hello", "--json");

        Assert.DoesNotContain(json.Output, c => c is '\u009b' or '\u202e');
        Assert.Equal(
            "one\n\ttwo\e[2J\u202e\u009b1mred",
            JsonDocument.Parse(json.Output).RootElement.GetProperty("first").GetProperty("text").GetString()
        );
    }

    [PublishedTheory]
    [InlineData("status")]
    [InlineData("doctor --threads 1")]
    public async Task Names_from_a_server_stay_on_their_line(string verb)
    {
        using var folder = new TempFolder();
        const string Hostile = "\"Model\\n\\u001b[2JWRONG  forged\\r\\u202e\"";
        await using var daemon = new Impostor(
            folder,
            Impostor.Health.Replace("\"Model\"", Hostile, StringComparison.Ordinal).Replace("\"chosen\"", Hostile, StringComparison.Ordinal)
        );
        Program.Ended ended = await Program.RunAsync(folder, verb.Split(' '));

        Assert.Contains("Model ?[2JWRONG  forged", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(ended.Output, c => (char.IsControl(c) && c != '\n') || c == '\u202e');
        Assert.DoesNotContain(ended.Output.Split('\n'), line => line.StartsWith("WRONG  forged", StringComparison.Ordinal));
    }

    [PublishedFact]
    public async Task What_a_server_refuses_with_is_one_line()
    {
        using var folder = new TempFolder();
        await using var daemon = new Impostor(
            folder,
            """{"type":"about:blank","title":"Gone","status":410,"detail":"gone\u001b]0;title\u0007\nonlinerlhf: forged","reason":"expired"}""",
            isWell: true,
            status: "410 Gone"
        );
        Program.Ended ended = await Program.RunAsync(folder, "prefer", "first", "--round", "3f2504e0-4f89-41d3-9a0c-0305e82c3301");

        Assert.Equal((1, ""), (ended.ExitCode, ended.Output));
        Assert.Equal("onlinerlhf: gone?]0;title? onlinerlhf: forged", Assert.Single(ended.ErrorLines));
    }

    [PublishedFact]
    public async Task A_word_of_the_command_line_that_is_wrong_is_repeated_on_one_line()
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, "sta\e[2Jtus\nonlinerlhf: forged");

        Assert.Equal(2, ended.ExitCode);
        Assert.Equal("onlinerlhf: there is no command sta?[2Jtus onlinerlhf: forged; see onlinerlhf --help", Assert.Single(ended.ErrorLines));
    }
}
