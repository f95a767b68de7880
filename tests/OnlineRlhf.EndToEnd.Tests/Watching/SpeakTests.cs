using System.Diagnostics;
using System.Text.RegularExpressions;

namespace OnlineRlhf.EndToEnd.Tests.Watching;

/// <summary>The example that reads both answers aloud, with a program that notes what it is given to speak.</summary>
public sealed class SpeakTests
{
    private static readonly string Script = Find();

    [PublishedFact]
    public async Task The_pair_is_read_and_what_was_recorded_is_said_and_no_file_holds_a_word_of_it()
    {
        if (!File.Exists("/usr/bin/jq") || !File.Exists("/usr/bin/curl"))
            Assert.Skip("The example needs curl and jq.");
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        using Process speaker = Start(folder);
        try
        {
            // That a pair was open before it came is told by the snapshot.
            Reply round = await daemon.Client.AskForTwoAsync("How do I make tea?");
            await UntilAsync(folder, $"First: {Plain(round.First)}. Second: {Plain(round.Second!)}.");
            await daemon.Client.PreferAsync(round.Id, "first");
            await UntilAsync(folder, "Recorded: comparison 1.");
            Reply skipped = await daemon.Client.AskForTwoAsync("How do I sleep well?");
            await UntilAsync(folder, $"First: {Plain(skipped.First)}.");
            await daemon.Client.PreferAsync(skipped.Id, "skip");
            await UntilAsync(folder, "Skipped.");
            await daemon.StopAsync();

            string said = await File.ReadAllTextAsync(Path.Combine(folder.Root, "said"), TestContext.Current.CancellationToken);
            File.Delete(Path.Combine(folder.Root, "said"));
            string words = string.Join(' ', Plain(round.First).Split(' ').Take(4));
            Assert.Contains(words, said, StringComparison.Ordinal);
            Assert.DoesNotContain(
                Directory.EnumerateFiles(folder.Root, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".sock", StringComparison.Ordinal)),
                f => File.ReadAllText(f).Contains(words, StringComparison.Ordinal)
            );
            Assert.DoesNotContain(words, daemon.Log, StringComparison.Ordinal);
        }
        finally
        {
            speaker.Kill(entireProcessTree: true);
            await speaker.WaitForExitAsync(TestContext.Current.CancellationToken);
            string printed =
                await speaker.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
                + await speaker.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain("First", printed, StringComparison.Ordinal);
        }
    }

    [PublishedFact]
    public async Task What_a_model_writes_is_no_command_to_the_shell_or_the_voice()
    {
        if (!File.Exists("/usr/bin/jq") || !File.Exists("/usr/bin/curl"))
            Assert.Skip("The example needs curl and jq.");
        using var folder = new TempFolder();
        const string Answer =
            """{"text":"-f /etc/passwd $(touch owned) `touch owned` \"; touch owned\n<speak>\u0001[[h@l'oU]] 100 %s \\n","tokens":9}""";
        await using var daemon = new Impostor(
            folder,
            $$"""
            event: round.opened
            data: {"asked":true,"first":{{Answer}},"second":{{Answer}}}


            """,
            "text/event-stream"
        );
        using Process speaker = Start(folder);
        try
        {
            await UntilAsync(folder, """First: -f /etc/passwd $(touch owned) `touch owned` "; touch owned <speak> h@l'oU  100 %s \n. Second:""");
            Assert.False(File.Exists(Path.Combine(folder.Root, "owned")));
            Assert.DoesNotContain('\u0001', await File.ReadAllTextAsync(Path.Combine(folder.Root, "said"), TestContext.Current.CancellationToken));
        }
        finally
        {
            speaker.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(TempFolder folder)
    {
        string bin = Directory.CreateDirectory(Path.Combine(folder.Root, "bin")).FullName,
            voice = Path.Combine(bin, "espeak-ng");
        File.WriteAllText(voice, "#!/bin/sh\n[ \"$*\" = --stdin ] || exit 1\ncat >> said\n");
        File.SetUnixFileMode(voice, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        ProcessStartInfo start = Program.Describe(
            folder,
            new Variables { ["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}", ["ONLINERLHF_SOCKET"] = folder.Socket },
            []
        );
        start.FileName = Script;
        return Process.Start(start)!;
    }

    private static async Task UntilAsync(TempFolder folder, string words)
    {
        string file = Path.Combine(folder.Root, "said"),
            said = "";
        for (
            long start = Stopwatch.GetTimestamp();
            !said.Contains(words, StringComparison.Ordinal);
            await Task.Delay(50, TestContext.Current.CancellationToken)
        )
        {
            said = File.Exists(file) ? await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken) : "";
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60), $"\"{words}\" is not said, but: {said}");
        }
    }

    /// <summary>As it is spoken: without line breaks and brackets.</summary>
    private static string Plain(string answer) => Regex.Replace(answer, @"[\p{Cc}\[\]]+", " ");

    private static string Find()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "systemd", "examples", "onlinerlhf-speak")))
                return Path.Combine(folder, "systemd", "examples", "onlinerlhf-speak");
        }
        throw new InvalidOperationException("The example is not in this checkout.");
    }
}
