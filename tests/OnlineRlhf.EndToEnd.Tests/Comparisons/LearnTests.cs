using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.Comparisons;

/// <summary>onlinerlhf learn against the running daemon.</summary>
public sealed class LearnTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private static readonly string Misfits = string.Join('\n', [
        "not JSON", """{"prompt": "zebrafinch", "chosen": "zebrafinch"}""", """["zebrafinch"]""", "", """{"prompt": "zebrafinch", "chosen": "same", "rejected": "same "}""",
        """{"prompt": "zebrafinch", "chosen": "", "rejected": "zebrafinch"}""", $$"""{"prompt": "zebrafinch", "chosen": "{{string.Join(' ', Enumerable.Repeat("zebrafinch", 900))}}", "rejected": "a"}""",
        $$"""{"prompt": "zebrafinch", "chosen": "{{new string('z', 270_000)}}", "rejected": "a"}""", new string('z', 1_100_000), ""]);

    [PublishedFact]
    public async Task Every_shape_is_learned_and_what_does_not_fit_is_skipped_with_its_number_and_no_word_of_it()
    {
        string file = daemon.Folder.Write("mixed.jsonl", PreferenceData.Lines(4) + Misfits + PreferenceData.Line(5));
        Program.Ended ended = await RunAsync("learn", file, "--profile", "mixed", "--json");

        Assert.Equal(0, ended.ExitCode);
        JsonElement report = JsonSerializer.Deserialize<JsonElement>(ended.Output);
        Assert.Equal(("mixed", 14, 0), (report.GetProperty("profile").GetString(), report.GetProperty("lines").GetInt32(), report.GetProperty("after").GetInt32()));
        Assert.Equal((5, 0, 8, 5), (Number("learned"), Number("confirmed"), Number("skipped"), Number("comparisons")));
        (int Line, string Says)[] expected = [(5, "not valid JSON"), (6, "no rejected"), (7, "no JSON object"), (9, "same text"), (10, "chosen is empty"), (11, "context holds 512"), (12, "262144 bytes"), (13, "1048576 bytes")];
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
    public async Task A_file_that_was_learned_is_learned_once_more_only_where_that_is_said_also_when_it_is_packed()
    {
        string file = daemon.Folder.Write("again.jsonl", PreferenceData.Lines(8)), packed = file + ".gz";
        await using (var stream = new GZipStream(File.Create(packed), CompressionLevel.Fastest))
            await stream.WriteAsync(await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);

        Program.Ended first = await RunAsync("learn", packed, "--profile", "again"), second = await RunAsync("learn", file, "--profile", "again");
        Program.Ended again = await RunAsync("learn", file, "--profile", "again", "--again"), after = await RunAsync("learn", packed, "--profile", "again");
        Program.Ended other = await RunAsync("learn", file, "--profile", "other");

        Assert.All([first, second, again, after, other], e => Assert.Equal((0, ""), (e.ExitCode, e.Errors)));
        Assert.Contains("100 %, 8 of 8 lines\n", first.Output, StringComparison.Ordinal);
        Assert.Matches(@"Learned 8 comparisons in .*; 0 known before, 0 lines skipped\. Profile again holds 8\.\n$", first.Output);
        Assert.Matches(@"^The whole file was learned before.*--again.*\n$", second.Output);
        Assert.EndsWith("Profile again holds 16.\n", again.Output, StringComparison.Ordinal);
        Assert.Equal(second.Output, after.Output);
        Assert.EndsWith("Profile other holds 8.\n", other.Output, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task Where_the_position_is_lost_or_damaged_what_the_daemon_knows_is_confirmed()
    {
        string file = daemon.Folder.Write("lost.jsonl", PreferenceData.Lines(6));
        string positions = Path.Combine(daemon.Folder.State, "learn");
        HashSet<string> before = Directory.Exists(positions) ? [.. Directory.EnumerateFiles(positions)] : [];
        await RunAsync("learn", file, "--profile", "lost");
        string position = Assert.Single(Directory.EnumerateFiles(positions), f => !before.Contains(f));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(position));
        Assert.Matches("""^\{"lines":6,"last":6,"comparisons":6,"run":0,"whole":true\} *\n$""", await File.ReadAllTextAsync(position, TestContext.Current.CancellationToken));

        File.Delete(position);
        Program.Ended lost = await RunAsync("learn", file, "--profile", "lost");
        await File.WriteAllTextAsync(position, "{\"lines\": tru", TestContext.Current.CancellationToken);
        Program.Ended damaged = await RunAsync("learn", file, "--profile", "lost");

        Assert.EndsWith("; 6 known before, 0 lines skipped. Profile lost holds 6.\n", lost.Output, StringComparison.Ordinal);
        Assert.StartsWith("The position cannot be read", damaged.Output, StringComparison.Ordinal);
        Assert.EndsWith("; 6 known before, 0 lines skipped. Profile lost holds 6.\n", damaged.Output, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task What_cannot_be_learned_at_all_ends_in_one_line()
    {
        string file = daemon.Folder.Write("fine.jsonl", PreferenceData.Lines(2));
        byte[] packed = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3];
        await File.WriteAllBytesAsync(daemon.Folder.Root + "/damaged.gz", packed, TestContext.Current.CancellationToken);
        using var elsewhere = new TempFolder();

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
            Reply[] asked = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => busy.Client.AskAsync($"Tell me about the number {i}.", $"person{i}")));
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
