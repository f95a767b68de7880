using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.Models;

/// <summary>onlinerlhf model check and use.</summary>
public sealed class ModelTests
{
    [PublishedFact]
    public async Task A_model_is_described_with_the_memory_it_takes()
    {
        using var folder = new TempFolder();
        Program.Ended words = await Program.RunAsync(folder, "model", "check", DemoModelFile.Path),
            json = await Program.RunAsync(folder, "model", "check", "--json", DemoModelFile.Path);

        Assert.True(words.ExitCode == 0, words.Errors);
        Assert.Contains("Hearth 2M demo, llama, Q8_0, 2.0 MiB", words.Output, StringComparison.Ordinal);
        Assert.Contains("593 features", words.Output, StringComparison.Ordinal);
        Assert.Contains("it fits", words.Output, StringComparison.Ordinal);
        JsonElement report = JsonSerializer.Deserialize<JsonElement>(json.Output);
        Assert.Equal((593, true), (report.GetProperty("features").GetInt32(), report.GetProperty("fits").GetBoolean()));
        Assert.InRange(report.GetProperty("needed_bytes").GetInt64(), 25 << 20, 60 << 20);
        Assert.False(Directory.Exists(folder.State));
    }

    [PublishedFact]
    public async Task A_file_that_cannot_be_used_is_refused_in_one_line_by_both()
    {
        using var folder = new TempFolder();
        byte[] whole = await File.ReadAllBytesAsync(DemoModelFile.Path, TestContext.Current.CancellationToken);
        string text = folder.Write("notes.gguf", "This is a text, and no model."),
            cut = Path.Combine(folder.Root, "cut.gguf"),
            settings = folder.Write("settings.json", "{ \"ask\": \"never\" }");
        await File.WriteAllBytesAsync(cut, whole[..(whole.Length / 2)], TestContext.Current.CancellationToken);
        foreach (string path in new[] { text, cut, folder.Root, Path.Combine(folder.Root, "none.gguf") })
        {
            foreach (string[] verb in new[] { new[] { "model", "check", path }, ["model", "use", path, "--config", settings] })
            {
                Program.Ended ended = await Program.RunAsync(folder, verb);
                Assert.True(ended.ExitCode == 78, $"{path}: {ended.ExitCode}: {ended.Output}{ended.Errors}");
                Assert.Contains(path, Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
            }
        }
        Assert.Equal("{ \"ask\": \"never\" }", await File.ReadAllTextAsync(settings, TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(folder.State));
    }

    [PublishedFact]
    public async Task A_model_that_is_put_to_use_is_served_from_its_copy_at_the_next_start()
    {
        using var folder = new TempFolder();
        string settings = folder.Write("settings.json", "{\n  // everything but one\n  \"threads\": 1,\n}\n");
        Program.Ended used = await Program.RunAsync(
            folder,
            "model",
            "use",
            DemoModelFile.Path,
            "--config",
            settings,
            "--sha256",
            await Sha256Async()
        );

        Assert.True(used.ExitCode == 0, used.Errors);
        Assert.Contains("systemctl restart onlinerlhf.service", used.Output, StringComparison.Ordinal);
        string installed = Path.Combine(folder.State, "models", Path.GetFileName(DemoModelFile.Path));
        Assert.Equal(
            $"{{\n  \"model\": \"{installed}\",\n  // everything but one\n  \"threads\": 1,\n}}\n",
            await File.ReadAllTextAsync(settings, TestContext.Current.CancellationToken)
        );
        Assert.Equal(
            await File.ReadAllBytesAsync(DemoModelFile.Path, TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(installed, TestContext.Current.CancellationToken)
        );
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
            File.GetUnixFileMode(installed)
        );
        Assert.Single(Directory.EnumerateFileSystemEntries(Path.Combine(folder.State, "models")));
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--config", settings);
        Assert.Equal(201, (await daemon.Client.AskAsync("Hello")).Status);
    }

    [PublishedFact]
    public async Task A_wrong_checksum_changes_nothing()
    {
        using var folder = new TempFolder();
        string settings = folder.Write("settings.json", "{}");
        Program.Ended wrong =
                await Program.RunAsync(folder, "model", "use", DemoModelFile.Path, "--config", settings, "--sha256", new string('0', 64)),
            noSum = await Program.RunAsync(folder, "model", "use", DemoModelFile.Path, "--config", settings, "--sha256", "abc");

        Assert.Equal((78, 2), (wrong.ExitCode, noSum.ExitCode));
        Assert.Contains("SHA-256", Assert.Single(wrong.ErrorLines), StringComparison.Ordinal);
        await MustBeUntouchedAsync(folder, settings);
    }

    [PublishedFact]
    public async Task Settings_that_cannot_be_written_are_told_before_anything_is_copied()
    {
        using var folder = new TempFolder();
        string settings = folder.Write("settings.json", "{}");
        File.WriteAllText(Path.Combine(folder.Root, "file"), "");
        Program.Ended ended = await Program.RunAsync(
            folder,
            "model",
            "use",
            DemoModelFile.Path,
            "--config",
            settings,
            "--state",
            Path.Combine(folder.Root, "file")
        );

        Assert.Equal(1, ended.ExitCode);
        Assert.Single(ended.ErrorLines);
        await MustBeUntouchedAsync(folder, settings);
    }

    [PublishedFact]
    public async Task A_disk_that_is_too_small_is_told_with_both_sizes()
    {
        if (!Environment.IsPrivilegedProcess)
            Assert.Skip("Only root may mount a small disk.");
        using var folder = new TempFolder();
        string settings = folder.Write("settings.json", "{}"),
            disk = Directory.CreateDirectory(Path.Combine(folder.Root, "disk")).FullName;
        Process mounted = Process.Start("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
        await mounted.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (mounted.ExitCode != 0)
            Assert.Skip("Nothing can be mounted here.");
        try
        {
            Program.Ended ended = await Program.RunAsync(folder, "model", "use", DemoModelFile.Path, "--config", settings, "--state", disk);

            Assert.Equal(1, ended.ExitCode);
            Assert.Contains("1.0 MiB free, and the model takes 2.0 MiB", Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
            Assert.Empty(Directory.EnumerateFiles(disk, "*", SearchOption.AllDirectories));
            Assert.Equal("{}", await File.ReadAllTextAsync(settings, TestContext.Current.CancellationToken));
        }
        finally
        {
            using Process gone = Process.Start("umount", [disk]);
            await gone.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [PublishedFact]
    public async Task Killed_in_the_middle_it_leaves_nothing_that_is_used_and_the_next_one_removes_it()
    {
        using var folder = new TempFolder();
        string settings = folder.Write("settings.json", "{}"),
            models = Path.Combine(folder.State, "models");
        // It is killed while it checks the copy: a sha256sum that does not end stands in for a slow disk.
        string slow = Directory.CreateDirectory(Path.Combine(folder.Root, "bin")).FullName,
            program = Path.Combine(slow, "sha256sum");
        File.WriteAllText(program, "#!/bin/sh\nexec sleep 300\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        ProcessStartInfo start = Program.Describe(
            folder,
            new Variables { ["PATH"] = $"{slow}:{Environment.GetEnvironmentVariable("PATH")}" },
            ["model", "use", DemoModelFile.Path, "--config", settings, "--sha256", new string('0', 64)]
        );
        using Process killed = Process.Start(start)!;
        while (
            !killed.HasExited
            && !(
                Directory.Exists(models)
                && Directory.EnumerateFiles(models).Any(f => new FileInfo(f).Length == new FileInfo(DemoModelFile.Path).Length)
            )
        )
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.False(killed.HasExited, "It did not wait for the checksum.");
        killed.Kill(entireProcessTree: true);
        await killed.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal("{}", await File.ReadAllTextAsync(settings, TestContext.Current.CancellationToken));
        Assert.Empty(Directory.EnumerateFiles(models, "*.gguf"));
        Assert.Equal(0, (await Program.RunAsync(folder, "model", "use", DemoModelFile.Path, "--config", settings)).ExitCode);
        Assert.Single(Directory.EnumerateFiles(models));
        Assert.DoesNotContain(Directory.EnumerateFiles(folder.Root), f => f.EndsWith(".partial", StringComparison.Ordinal));
    }

    [PublishedFact]
    public async Task What_was_learned_with_one_model_waits_while_another_is_used()
    {
        using var folder = new TempFolder();
        // The same weights under another name in the header are another model.
        byte[] other = await File.ReadAllBytesAsync(DemoModelFile.Path, TestContext.Current.CancellationToken);
        int name = other.AsSpan().IndexOf("Hearth 2M demo"u8);
        "Hearth 2M next"u8.CopyTo(other.AsSpan(name));
        string next = Path.Combine(folder.Root, "next.gguf"),
            settings = folder.Write("settings.json", "{}");
        await File.WriteAllBytesAsync(next, other, TestContext.Current.CancellationToken);
        async Task<long> LearnWithAsync(string model)
        {
            Assert.Equal(0, (await Program.RunAsync(folder, "model", "use", model, "--config", settings)).ExitCode);
            await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--config", settings);
            long comparisons = (await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync()).Id, "first")).Comparisons;
            Assert.Equal(0, (await daemon.StopAsync()).ExitCode);
            return comparisons;
        }

        Assert.Equal(1, await LearnWithAsync(DemoModelFile.Path));
        Assert.Equal(2, await LearnWithAsync(DemoModelFile.Path));
        Assert.Equal(1, await LearnWithAsync(next));
        Assert.Equal(3, await LearnWithAsync(DemoModelFile.Path));
    }

    [PublishedFact]
    public async Task Another_model_of_the_same_file_name_gets_a_name_of_its_own()
    {
        using var folder = new TempFolder();
        string models = Directory.CreateDirectory(Path.Combine(folder.State, "models")).FullName,
            taken = Path.Combine(models, Path.GetFileName(DemoModelFile.Path));
        File.WriteAllText(taken, "in use by somebody");
        Program.Ended used = await Program.RunAsync(folder, "model", "use", DemoModelFile.Path, "--config", folder.Write("settings.json", "{}"));

        Assert.Equal(0, used.ExitCode);
        Assert.Equal("in use by somebody", await File.ReadAllTextAsync(taken, TestContext.Current.CancellationToken));
        Assert.Equal(2, Directory.EnumerateFiles(models).Count());
    }

    private static async Task MustBeUntouchedAsync(TempFolder folder, string settings)
    {
        Assert.Equal("{}", await File.ReadAllTextAsync(settings, TestContext.Current.CancellationToken));
        Assert.Equal(["settings.json"], Directory.EnumerateFiles(folder.Root).Select(f => Path.GetFileName(f)).Where(f => f != "file"));
        Assert.True(!Directory.Exists(folder.State) || !Directory.EnumerateFiles(folder.State, "*", SearchOption.AllDirectories).Any());
    }

    private static async Task<string> Sha256Async()
    {
        using Process process = Process.Start(new ProcessStartInfo("sha256sum", [DemoModelFile.Path]) { RedirectStandardOutput = true })!;
        return (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken))[..64].ToUpper(CultureInfo.InvariantCulture);
    }
}
