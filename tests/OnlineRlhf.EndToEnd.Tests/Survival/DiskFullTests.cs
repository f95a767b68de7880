using System.Diagnostics;

namespace OnlineRlhf.EndToEnd.Tests.Survival;

/// <summary>A full disk refuses feedback, loses none, and works again once there is space.</summary>
public sealed class DiskFullTests
{
    [PublishedFact]
    public async Task A_full_disk_refuses_feedback_and_keeps_what_it_has()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.State);
        if (await RunAsync("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder.State) != 0)
            Assert.Skip("Only root may mount the small file system that this needs.");
        try
        {
            await MeetAFullDiskAsync(folder);
        }
        finally
        {
            await RunAsync("umount", "-l", folder.State);
        }
    }

    [PublishedFact]
    public async Task A_file_that_may_not_grow_refuses_feedback_and_the_daemon_lives_on()
    {
        using var folder = new TempFolder();
        // Room for the demo model, which lies in a file in memory, and not for a profile's state.
        await using DaemonProcess daemon = DaemonProcess.StartLimited(folder, fileBytes: 3 << 20);
        await daemon.WaitUntilReadyAsync();
        Reply round = await daemon.Client.AskForTwoAsync();

        (await daemon.Client.PreferAsync(round.Id, "first")).MustBeProblem(507);
        (await daemon.Client.PreferAsync(round.Id, "first")).MustBeProblem(507);
        Reply another = await daemon.Client.AskForTwoAsync();
        Assert.NotEqual(round.Id, another.Id);
        Assert.Equal(200, (await daemon.Client.PreferAsync(another.Id, "skip")).Status);
        Assert.Equal(0, (await daemon.StopAsync()).ExitCode);
    }

    private static async Task MeetAFullDiskAsync(TempFolder folder)
    {
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await LearnAsync(daemon, "old", 3);
        string ballast = Path.Combine(folder.State, "ballast");
        Fill(ballast);

        // A new profile needs space; an old one writes over what it has, and may go on or be refused.
        Reply refusedRound = await daemon.Client.AskForTwoAsync(profile: "new");
        Reply refused = await daemon.Client.PreferAsync(refusedRound.Id, "first");
        refused.MustBeProblem(507, "space");
        Reply old = await daemon.Client.AskForTwoAsync(profile: "old");
        Reply answered = await daemon.Client.PreferAsync(old.Id, "first");
        Assert.Contains(answered.Status, new[] { 200, 507 });
        TestContext.Current.TestOutputHelper!.WriteLine($"A profile that exists gets {answered.Status} on a full disk.");
        refused.MustBeProblem(507);
        Assert.Equal(507, (await daemon.Client.PreferAsync(refusedRound.Id, "first")).Status);

        File.Delete(ballast);
        Reply accepted = await daemon.Client.PreferAsync(refusedRound.Id, "first"),
            again = await daemon.Client.PreferAsync(old.Id, "first");
        Assert.Equal((200, 1L), (accepted.Status, accepted.Comparisons));
        Assert.Equal((200, 4L), (again.Status, again.Comparisons));
        await daemon.KillAsync();

        await using DaemonProcess restarted = await DaemonProcess.StartReadyAsync(folder);
        Assert.Equal(accepted.Body, (await restarted.Client.PreferAsync(refusedRound.Id, "first")).Body);
        Assert.Equal(5, await LearnAsync(restarted, "old", 1));
    }

    private static async Task<long> LearnAsync(DaemonProcess daemon, string profile, int times)
    {
        long comparisons = 0;
        for (int n = 0; n < times; n++)
            comparisons = (await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync(profile: profile)).Id, "first")).Comparisons;
        return comparisons;
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (int block = 1 << 16; block >= 1; )
        {
            try
            {
                file.Write(new byte[block]);
            }
            catch (IOException)
            {
                block /= 2;
            }
        }
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
