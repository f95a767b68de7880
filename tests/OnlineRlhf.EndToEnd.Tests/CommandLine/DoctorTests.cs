using System.Diagnostics;
using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.CommandLine;

/// <summary>Each line of the doctor, fine and provoked: what is wrong is named with what to do, and the exit code tells.</summary>
public sealed class DoctorTests : IDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PublishedFact]
    public async Task Beside_a_daemon_that_works_everything_is_fine()
    {
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(_folder);
        await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync()).Id, "first");

        Program.Ended doctor = await Program.RunAsync(_folder, "doctor");

        Assert.True(doctor.ExitCode == 0, doctor.Output);
        string[] lines = doctor.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            ["settings", "model", "engine", "device", "threads", "rounds", "board", "socket", "state", "disk", "clock", "systemd"],
            lines.Select(l => l[7..17].Trim())
        );
        Assert.All(lines, line => Assert.StartsWith("fine", line, StringComparison.Ordinal));
        Assert.Contains("1 profile of 1 model", doctor.Output, StringComparison.Ordinal);
        Assert.Contains("answers of up to", doctor.Output, StringComparison.Ordinal);
    }

    [PublishedFact]
    public Task A_wrong_setting() => MustFindAsync("settings", ["lampz"], "--config", _folder.Write("onlinerlhf.json", """{"lampz": "ready:5"}"""));

    [PublishedFact]
    public Task A_variable_that_is_no_setting() =>
        MustFindAsync("settings", ["ONLINERLHF_CANDIDATS"], new Variables { ["ONLINERLHF_CANDIDATS"] = "8" });

    [PublishedFact]
    public Task A_damaged_model() => MustFindAsync("model", ["model.gguf"], "--model", _folder.Write("model.gguf", "GGUF"));

    [PublishedFact]
    public async Task A_model_that_does_not_fit_the_memory()
    {
        string memory = _folder.Write("meminfo", "MemTotal: 40000 kB\nMemAvailable: 20000 kB\n");
        const string mount = "mount --bind \"$0\" /proc/meminfo || exit 77; exec \"$@\"";
        Program.Ended doctor = await ElsewhereAsync("another memory", mount, memory, "--model", DemoModelFile.Path);

        Assert.Equal(1, doctor.ExitCode);
        Assert.Matches("WRONG +model .* of memory, .* smaller model", doctor.Output);
    }

    [PublishedFact]
    public async Task A_chip_but_no_library_to_open_it_with()
    {
        Assert.SkipWhen(
            new[] { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib" }.Any(d =>
                Directory.Exists(d) && Directory.EnumerateFiles(d, "libgpiod.so.*").Any()
            ),
            "libgpiod is installed here."
        );
        const string chip =
            "mkdir dev && mount -t tmpfs tmpfs dev && mknod dev/null c 1 3 && mknod dev/urandom c 1 9 && touch dev/gpiochip0 && "
            + "mount --move dev /dev || exit 77; exec \"$@\"";
        string[] board = ["--gpio-chip", "pinctrl-bcm2711", "--buttons", "first:17,second:27"];
        Program.Ended doctor = await ElsewhereAsync("other devices", chip, "sh", board);

        Assert.Equal(1, doctor.ExitCode);
        Assert.Matches("WRONG +board .*libgpiod is not installed.*apt install libgpiod", doctor.Output);
    }

    [PublishedFact]
    public Task No_llama_cpp() => MustFindAsync("engine", ["libllama", "--natives"], "--natives", _folder.Root);

    [PublishedFact]
    public Task No_CPU_backend_that_runs_here()
    {
        foreach (string library in (string[])["libllama.v0.5.0.so", "libggml.v0.5.0.so", "libggml-base.so"])
            File.CreateSymbolicLink(Path.Combine(_folder.Root, library), Path.Combine(Path.GetDirectoryName(Published.Path)!, "natives", library));
        return MustFindAsync("engine", ["natives of this architecture"], "--natives", _folder.Root);
    }

    [PublishedFact]
    public Task A_chat_template_that_nobody_knows() =>
        MustFindAsync("model", ["chat template", "chatml"], "--model", DemoModelFile.Path, "--chat-template", "no-such");

    [PublishedFact]
    public async Task The_processor_where_a_GPU_is_asked_for()
    {
        await using var daemon = new Impostor(_folder, Impostor.Health);
        await MustFindAsync("device", ["CPU, though", "chosen"], "--device", "vulkan");
    }

    [PublishedFact]
    public async Task Buttons_that_a_daemon_was_started_without()
    {
        await using var daemon = new Impostor(_folder, Impostor.Health);
        await MustFindAsync("board", ["started without", "restart"], "--gpio-chip", "chip", "--buttons", "first:1,second:2");
    }

    [PublishedFact]
    public async Task A_daemon_that_serves_another_model_than_the_settings_name()
    {
        await using var daemon = new Impostor(_folder, Impostor.Health);
        await MustFindAsync("model", ["serves Model", "restart"], "--model", DemoModelFile.Path);
    }

    [PublishedFact]
    public async Task A_state_that_this_user_may_not_look_at()
    {
        Directory.CreateDirectory(Path.Combine(_folder.State, "profiles"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.SetUnixFileMode(_folder.Root, (UnixFileMode)0b111_101_101);
        // The program is copied to where another user may run it.
        string program = Path.Combine(_folder.Root, "program");
        Assert.Equal(0, (await Program.RunAsync("cp", _folder, [], null, "-r", Path.GetDirectoryName(Published.Path)!, program)).ExitCode);
        Program.Ended doctor = await Program.RunAsync(
            "setpriv",
            _folder,
            [],
            null,
            "--reuid=65534",
            "--clear-groups",
            "--",
            Path.Combine(program, "onlinerlhf"),
            "doctor"
        );
        Assert.SkipWhen(doctor.Errors.StartsWith("setpriv", StringComparison.Ordinal), "Only root may become another user.");

        Assert.Matches("WRONG +state .* cannot be looked at .* as root", doctor.Output);
    }

    [PublishedFact]
    public Task A_build_of_the_backend_that_does_not_run_here() => MustFindAsync("engine", ["armv99", "do"], "--cpu-variant", "armv99");

    [PublishedFact]
    public Task A_GPU_that_is_asked_for_and_not_there() => MustFindAsync("device", ["onlinerlhf-vulkan", "set device to auto"], "--device", "vulkan");

    [PublishedFact]
    public Task More_threads_than_cores() => MustFindAsync("threads", ["256 threads", "set threads to"], "--threads", "256");

    [PublishedFact]
    public async Task A_board_too_slow_for_its_model()
    {
        await using var daemon = new Impostor(_folder, Impostor.Health.Replace("256", "16", StringComparison.Ordinal));
        await MustFindAsync("rounds", ["smaller model", "time_target"]);
    }

    [PublishedFact]
    public Task A_chip_that_is_not_there() => MustFindAsync("board", ["gpio"], "--gpio-chip", "no-such-chip", "--buttons", "first:1,second:2");

    [PublishedFact]
    public async Task A_chip_that_the_daemon_lost()
    {
        await using var daemon = new Impostor(
            _folder,
            Impostor.Health.Replace("\"board\": null", "\"board\": \"gpiochip0 is lost\"", StringComparison.Ordinal)
        );
        await MustFindAsync("board", ["gpiochip0 is lost"], "--gpio-chip", "chip", "--buttons", "first:1,second:2");
    }

    [PublishedFact]
    public Task No_daemon() => MustFindAsync("socket", ["onlinerlhf serve"]);

    [PublishedFact]
    public async Task Something_else_on_the_socket()
    {
        await using var impostor = new Impostor(_folder, "hello", "text/plain");
        await MustFindAsync("socket", ["no onlinerlhf daemon"]);
    }

    [PublishedFact]
    public Task A_file_in_the_place_of_the_state()
    {
        File.WriteAllText(_folder.State, "");
        return MustFindAsync("state", ["is a file"]);
    }

    [PublishedFact]
    public Task A_state_open_to_others()
    {
        Directory.CreateDirectory(Path.Combine(_folder.State, "profiles"), (UnixFileMode)0b111_101_101);
        return MustFindAsync("state", ["chmod 700"]);
    }

    [PublishedFact]
    public async Task A_disk_with_little_room()
    {
        Directory.CreateDirectory(_folder.State);
        using (Process mount = Process.Start("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", _folder.State]))
        {
            await mount.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.SkipUnless(mount.ExitCode == 0, "Only root may mount the small file system that this needs.");
        }
        try
        {
            await MustFindAsync("disk", ["make room"]);
        }
        finally
        {
            using Process unmount = Process.Start("umount", ["-l", _folder.State]);
            await unmount.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [PublishedFact]
    public Task A_clock_behind_what_was_written()
    {
        Directory.CreateDirectory(_folder.State);
        string file = Path.Combine(_folder.State, "later");
        File.WriteAllText(file, "");
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddDays(3));
        return MustFindAsync("clock", ["set the clock"]);
    }

    [PublishedTheory]
    [InlineData("LoadState=loaded;ActiveState=failed;Result=exit-code;ExecMainStatus=78;NRestarts=0", "it is a setting or the model")]
    [InlineData("LoadState=loaded;ActiveState=failed;Result=start-limit-hit;ExecMainStatus=1;NRestarts=5", "tried too often): sudo journalctl")]
    [InlineData(
        "LoadState=loaded;ActiveState=failed;Result=start-limit-hit;ExecMainStatus=1;NRestarts=5",
        "sudo systemctl reset-failed onlinerlhf.socket onlinerlhf.service"
    )]
    [InlineData("LoadState=loaded;ActiveState=inactive;UnitFileState=disabled;Result=success;NRestarts=0", "systemctl enable --now")]
    [InlineData("LoadState=loaded;ActiveState=active;UnitFileState=enabled;Result=success;NRestarts=3", "restarted 3 times")]
    public Task A_service_that_is_not_well(string shown, string says) => MustFindAsync("systemd", [says], SystemctlThatShows(shown));

    [PublishedTheory]
    [InlineData("LoadState=loaded;ActiveState=active;UnitFileState=enabled;Result=success;NRestarts=0", "is active")]
    [InlineData("LoadState=loaded;ActiveState=active;UnitFileState=enabled;Result=success;NRestarts=1", "restarted 1 time")]
    [InlineData("LoadState=not-found;ActiveState=inactive;NRestarts=0", "not installed")]
    public async Task A_service_that_is_well_or_not_there(string shown, string says)
    {
        JsonElement finding = Assert.Single(await FindAsync(SystemctlThatShows(shown)), f => Part(f) == "systemd");
        Assert.True(finding.GetProperty("fine").GetBoolean());
        Assert.Contains(says, finding.GetProperty("says").GetString(), StringComparison.Ordinal);
    }

    private Variables SystemctlThatShows(string properties)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Root, "bin")).FullName,
            program = Path.Combine(folder, "systemctl");
        File.WriteAllText(program, $"#!/bin/sh\nprintf '%s\\n' {string.Join(' ', properties.Split(';').Select(p => $"'{p}'"))}\n");
        File.SetUnixFileMode(program, Executable);
        return new Variables { ["PATH"] = $"{folder}:{Environment.GetEnvironmentVariable("PATH")}" };
    }

    /// <summary>Runs doctor in a mount namespace of its own, which a script of the shell furnishes.</summary>
    private async Task<Program.Ended> ElsewhereAsync(string shown, string script, string zero, params string[] arguments)
    {
        Program.Ended doctor = await Program.RunAsync(
            "unshare",
            _folder,
            [],
            null,
            ["-m", "sh", "-c", script, zero, Published.Path, "doctor", .. arguments]
        );
        Assert.SkipWhen(
            doctor.ExitCode == 77 || doctor.Errors.StartsWith("unshare", StringComparison.Ordinal),
            $"Only root may show a program {shown}."
        );
        return doctor;
    }

    private Task MustFindAsync(string part, string[] words, params string[] arguments) => MustFindAsync(part, words, [], arguments);

    private async Task MustFindAsync(string part, string[] words, Variables variables, params string[] arguments)
    {
        JsonElement finding = Assert.Single(await FindAsync(variables, arguments), f => Part(f) == part);
        Assert.False(finding.GetProperty("fine").GetBoolean(), $"{part} is fine: {finding}");
        foreach (string word in words)
            Assert.Contains(word, finding.GetProperty("says").GetString(), StringComparison.Ordinal);
    }

    private async Task<JsonElement[]> FindAsync(Variables variables, params string[] arguments)
    {
        Program.Ended doctor = await Program.RunAsync(_folder, variables, null, ["doctor", "--json", .. arguments]);
        JsonElement[] findings = [.. JsonSerializer.Deserialize<JsonElement>(doctor.Output).EnumerateArray()];
        Assert.Equal(findings.All(f => f.GetProperty("fine").GetBoolean()) ? 0 : 1, doctor.ExitCode);
        return findings;
    }

    private static string Part(JsonElement finding) => finding.GetProperty("part").GetString()!;
}
