using System.Diagnostics;
using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.CommandLine;

/// <summary>The program for arm64, its kernels and the demo model, under emulation.</summary>
public sealed class Arm64Tests
{
    private const string Emulator = "/usr/bin/qemu-aarch64-static", Libraries = "/usr/aarch64-linux-gnu";

    [Fact(Timeout = 600_000)]
    public async Task The_program_for_arm64_learns_a_taste_under_emulation()
    {
        Assert.SkipUnless(File.Exists(Published.Arm64Path), $"Set {Published.Arm64Variable} to the program published for linux-arm64, as ./test.sh does.");
        Assert.SkipUnless(File.Exists(Emulator) && Directory.Exists(Libraries), "Install qemu-user-static and libc6-dev-arm64-cross.");
        long start = Stopwatch.GetTimestamp();
        string[] arguments = ["-L", Libraries, Published.Arm64Path, "demo", "--taste", "concise", "--presses", "3", "--threads", "1", "--json"];
        using Process process = Process.Start(new ProcessStartInfo(Emulator, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper!.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s under emulation.");
        Assert.True(process.ExitCode == 0, $"{process.ExitCode}: {output}{await errors}");
        Assert.Equal("concise", JsonSerializer.Deserialize<JsonElement>(output).GetProperty("taste").GetString());
    }
}
