using System.Diagnostics;

namespace OnlineRlhf.EndToEnd.Tests.CommandLine;

/// <summary>The program for arm64, its kernels and the demo model, under emulation.</summary>
public sealed class Arm64Tests
{
    private const string Emulator = "/usr/bin/qemu-aarch64-static",
        Libraries = "/usr/aarch64-linux-gnu";

    [PublishedFact]
    public async Task The_program_for_arm64_answers_learns_and_keeps_what_it_learned()
    {
        Assert.SkipUnless(
            File.Exists(Published.Arm64Path),
            $"Set {Published.Arm64Variable} to the program published for linux-arm64, as ./test.sh does."
        );
        Assert.SkipUnless(File.Exists(Emulator) && Directory.Exists(Libraries), "Install qemu-user-static and libc6-dev-arm64-cross.");
        using var folder = new TempFolder();
        Reply learned;
        long start = Stopwatch.GetTimestamp();
        await using (DaemonProcess daemon = DaemonProcess.StartEmulated(folder, Emulator, Libraries))
        {
            await daemon.WaitUntilReadyAsync();
            Say("ready");
            Reply round = await daemon.Client.AskForTwoAsync(more: """ "candidates": 4, "max_tokens": 24 """);
            Say("two answers");
            learned = await daemon.Client.PreferAsync(round.Id, "first");
            Assert.Equal((200, 1L), (learned.Status, learned.Comparisons));
            await daemon.KillAsync();
        }
        await using DaemonProcess again = DaemonProcess.StartEmulated(folder, Emulator, Libraries);
        await again.WaitUntilReadyAsync();
        Assert.Equal(learned.Body, (await again.Client.PreferAsync(learned.Id, "first")).Body);
        Assert.Equal(0, (await again.StopAsync()).ExitCode);
        Assert.Null(Posix.Mode(folder.Socket));
        Say("killed, restarted, recalled and stopped");

        void Say(string what) => TestContext.Current.TestOutputHelper!.WriteLine($"{Stopwatch.GetElapsedTime(start).TotalSeconds:F0} s: {what}");
    }
}
