using System.Text;
using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.Comparisons;

/// <summary>onlinerlhf learn against the running daemon: what it learns of a file, skips and refuses.</summary>
public sealed class LearnTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private static readonly string Misfits = string.Join(
        '\n',
        [
            "not JSON",
            """{"prompt": "zebrafinch", "chosen": "zebrafinch"}""",
            """["zebrafinch"]""",
            "",
            """{"prompt": "zebrafinch", "chosen": "same", "rejected": "same "}""",
            """{"prompt": "zebrafinch", "chosen": "", "rejected": "zebrafinch"}""",
            $$"""{"prompt": "zebrafinch", "chosen": "{{string.Join(' ', Enumerable.Repeat("zebrafinch", 900))}}", "rejected": "a"}""",
            $$"""{"prompt": "zebrafinch", "chosen": "{{new string('z', 270_000)}}", "rejected": "a"}""",
            new string('z', 8_400_000),
            "",
        ]
    );

    [PublishedFact]
    public async Task Every_shape_is_learned_and_what_does_not_fit_is_skipped_with_its_number_and_no_word_of_it()
    {
        string file = daemon.Folder.Write("mixed.jsonl", PreferenceData.Lines(4) + Misfits + PreferenceData.Line(5));
        Program.Ended ended = await RunAsync("learn", file, "--profile", "mixed", "--json");

        Assert.Equal(0, ended.ExitCode);
        JsonElement report = JsonSerializer.Deserialize<JsonElement>(ended.Output);
        Assert.Equal(
            ("mixed", 14, 0),
            (report.GetProperty("profile").GetString(), report.GetProperty("lines").GetInt32(), report.GetProperty("after").GetInt32())
        );
        Assert.Equal((5, 0, 8, 5), (Number("learned"), Number("confirmed"), Number("skipped"), Number("comparisons")));
        Assert.Equal(8, report.GetProperty("skipped_because").EnumerateObject().Sum(r => r.Value.GetInt32()));
        Assert.Equal(1, report.GetProperty("skipped_because").GetProperty("prompt too long").GetInt32());
        (int Line, string Says)[] expected =
        [
            (5, "not valid JSON"),
            (6, "no rejected"),
            (7, "no JSON object"),
            (9, "same text"),
            (10, "chosen is empty"),
            (11, "context holds 512"),
            (12, "262144 bytes"),
            (13, "8388608 bytes"),
        ];
        Assert.Equal(expected.Length, ended.ErrorLines.Length);
        foreach (((int line, string says), string error) in expected.Zip(ended.ErrorLines))
        {
            Assert.StartsWith($"line {line} is skipped: ", error, StringComparison.Ordinal);
            Assert.Contains(says, error, StringComparison.Ordinal);
        }
        Assert.DoesNotContain(PreferenceData.Marker, ended.Output + ended.Errors + daemon.Process.Log, StringComparison.Ordinal);
        return;

        int Number(string name) => report.GetProperty(name).GetInt32();
    }

    [PublishedFact]
    public async Task A_list_of_objects_is_learned_and_its_count_told()
    {
        string[] lines = [.. Enumerable.Range(0, 5).Select(PreferenceData.Line)];
        Program.Ended spread = await RunAsync(
            "learn",
            daemon.Folder.Write("spread.json", $"[\n{string.Join(",\n", lines)}\n]\n"),
            "--profile",
            "spread"
        );
        Program.Ended dense = await RunAsync("learn", daemon.Folder.Write("dense.json", $"[{string.Join(',', lines)},7]"), "--profile", "dense");

        Assert.Equal((0, ""), (spread.ExitCode, spread.Errors));
        Assert.EndsWith("Profile spread holds 5.\n", spread.Output, StringComparison.Ordinal);
        Assert.Equal((0, "entry 6 is skipped: it is no JSON object.\n"), (dense.ExitCode, dense.Errors));
        Assert.EndsWith("1 entry skipped (1: it is no JSON object). Profile dense holds 5.\n", dense.Output, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task Ties_and_what_changes_a_comparison_without_being_understood_are_learned_and_skipped_knowingly()
    {
        const string Nut = """{"role":"user","content":"Name a nut."}""",
            Many = """{"role":"assistant","content":"Nuts are many."}""";
        string file = daemon.Folder.Write(
            "judged.jsonl",
            $$"""
            {"conversation_a":[{{Nut}},{"role":"assistant","content":"Hazel."}],"conversation_b":[{{Nut}},{{Many}}],"winner":"tie (bothbad)"}
            {"prompt":"Name a river.","chosen":"Rhine.","rejected":"Danube.","chosen":"Elbe."}
            {"prompt":"Name a stone.","chosen":"Flint.","rejected":"Stones are many.","margin":NaN}
            """
        );
        Program.Ended ended = await RunAsync("learn", file, "--profile", "judged");

        Assert.Equal((0, "line 2 is skipped: it has chosen more than once.\n"), (ended.ExitCode, ended.Errors));
        Assert.EndsWith("1 line skipped (1: it has chosen more than once). Profile judged holds 2.\n", ended.Output, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_line_that_the_daemon_cannot_learn_is_named_and_skipped_and_the_next_ones_are_learned()
    {
        using var folder = new TempFolder();
        string[] requests = ["Hello", "How do I cook rice?", "Bye"];
        string file = folder.Write(
            "poison.jsonl",
            string.Concat(requests.Select(r => $$"""{"prompt": "{{r}}", "chosen": "In water.", "rejected": "What?"}""" + "\n"))
        );
        int learned = 0;
        await using var other = new Impostor(
            folder,
            "",
            isWell: true,
            answer: asked =>
                asked.Contains("/files/", StringComparison.Ordinal)
                    ? (
                        "200 OK",
                        $$"""{"profile":"default","digest":"0","state":"3f2504e0-4f89-41d3-9a0c-0305e82c3301","""
                            + """ "runs":0,"comparisons":0,"last_line":0,"last_comparison":0}"""
                    )
                : asked.Contains("cook rice", StringComparison.Ordinal)
                    ? (
                        "422 Unprocessable Entity",
                        """{"type":"about:blank","title":"","status":422,"detail":"The model gives no finite number for """
                            + """this.","reason":"not-finite"}"""
                    )
                : ("200 OK", $$"""{"id":"3f2504e0-4f89-41d3-9a0c-0305e82c3301","profile":"default","recorded":true,"comparisons":{{++learned}}}""")
        );
        Program.Ended ended = await Program.RunAsync(folder, "learn", file);

        Assert.Equal((0, "line 2 is skipped: The model gives no finite number for this.\n"), (ended.ExitCode, ended.Errors));
        Assert.Matches(
            @"^Learned 2 comparisons in .*; 0 known before, 1 line skipped \(1: not finite\)\. Profile default holds \d\.\n$",
            ended.Output.Split('\n')[^2] + "\n"
        );
    }

    [PublishedFact]
    public async Task What_cannot_be_learned_at_all_ends_in_one_line()
    {
        string file = daemon.Folder.Write("fine.jsonl", PreferenceData.Lines(2));
        byte[] packed = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3];
        await File.WriteAllBytesAsync(daemon.Folder.Root + "/damaged.gz", packed, TestContext.Current.CancellationToken);
        using var elsewhere = new TempFolder();

        await MustEndAsync(
            1,
            "is a table (CSV or TSV): convert it with python3",
            RunAsync("learn", daemon.Folder.Write("table.csv", "prompt,chosen,rejected\n\"a\",\"b\",\"c\"\n"))
        );
        await MustEndAsync(1, "a Parquet file", RunAsync("learn", daemon.Folder.Write("table.parquet", "PAR1\u0015\0")));
        await MustEndAsync(1, "profile", RunAsync("learn", file, "--profile", "../x"));
        await MustEndAsync(1, "missing.jsonl", RunAsync("learn", "missing.jsonl"));
        await MustEndAsync(1, "empty", RunAsync("learn", daemon.Folder.Write("empty.jsonl", "")));
        await MustEndAsync(1, "damaged", RunAsync("learn", "damaged.gz"));
        await MustEndAsync(1, "is a folder", RunAsync("learn", daemon.Folder.Root));
        await MustEndAsync(1, "regular file", RunAsync("learn", "/dev/stdin"));
        await MustEndAsync(2, "file", RunAsync("learn"));
        await MustEndAsync(75, "onlinerlhf serve", Program.RunAsync(elsewhere, "learn", file));
        Program.Ended none = await RunAsync("learn", daemon.Folder.Write("none.jsonl", "{}\n"), "--profile", "none");
        Assert.Equal((1, 2), (none.ExitCode, none.ErrorLines.Length));
        Assert.Contains("no line of the file could be learned", none.Errors, StringComparison.Ordinal);

        static async Task MustEndAsync(int code, string says, Task<Program.Ended> run)
        {
            Program.Ended ended = await run;
            Assert.Equal(code, ended.ExitCode);
            Assert.Contains(says, Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
        }
    }

    [PublishedFact]
    public async Task On_a_terminal_a_bar_says_how_long_it_takes()
    {
        string file = daemon.Folder.Write("bar.jsonl", PreferenceData.Lines(60));
        await using TerminalSession session = TerminalSession.Start(daemon.Folder, [], 100, 20, "learn", file, "--profile", "bar");
        while (!session.Sent.Contains("Profile bar holds 60.", StringComparison.Ordinal))
            await Task.Delay(20, TestContext.Current.CancellationToken);

        Assert.Matches(@"\r\e\[K\[#*\.+\] \d+ %, \d+ of 60 lines, \d+ (s|min \d+ s) left", session.Sent);
        Assert.Matches(@"\r\e\[KLearned 60 comparisons", session.Sent);
    }

    [PublishedFact]
    public async Task Where_the_daemon_is_busy_with_people_no_line_is_lost()
    {
        using var folder = new TempFolder();
        await using DaemonProcess busy = await DaemonProcess.StartReadyAsync(folder, "--queue", "1");
        Task<Program.Ended> learning = Program.RunAsync(folder, "learn", folder.Write("busy.jsonl", PreferenceData.Lines(30)));
        int refused = 0;
        for (int n = 0; n < 5; n++)
        {
            Reply[] asked = await Task.WhenAll(
                Enumerable.Range(0, 4).Select(i => busy.Client.AskAsync($"Tell me about the number {i}.", $"person{i}"))
            );
            refused += asked.Count(a => a.Status == 503);
            Assert.All(asked, a => Assert.True(a.Status is 201 or 503, a.Body));
        }
        Program.Ended ended = await learning;

        Assert.True(refused > 0, "The queue was never full: this shows nothing.");
        Assert.Equal((0, ""), (ended.ExitCode, ended.Errors));
        Assert.EndsWith("Profile default holds 30.\n", ended.Output, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task Nothing_of_a_file_is_kept()
    {
        using var folder = new TempFolder();
        string file = folder.Write("private.jsonl", PreferenceData.Lines(12) + Misfits);
        await using (DaemonProcess own = await DaemonProcess.StartReadyAsync(folder))
        {
            await Program.RunAsync(folder, "learn", file, "--profile", "person");
            await own.StopAsync();
            Assert.DoesNotContain(PreferenceData.Marker, own.Log, StringComparison.OrdinalIgnoreCase);
        }
        string[] said = [PreferenceData.Marker, "bicycle", "private.jsonl"];
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(folder.State, "learn")));
        foreach ((string path, byte[] bytes) in folder.StateFiles())
        {
            Assert.DoesNotContain(said, word => path.Contains(word, StringComparison.OrdinalIgnoreCase));
            foreach (Encoding encoding in new[] { Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode })
                Assert.DoesNotContain(said, word => bytes.AsSpan().IndexOf(encoding.GetBytes(word)) >= 0);
        }
    }

    private Task<Program.Ended> RunAsync(params string[] arguments) => Program.RunAsync(daemon.Folder, arguments);
}
