namespace OnlineRlhf.EndToEnd.Tests.Survival;

/// <summary>Files of the state are deleted while the daemon has them open: what it acknowledges afterwards is there after a restart.</summary>
public sealed class RemovedStateTests
{
    [PublishedTheory]
    [InlineData("profiles/*/default")]
    [InlineData("profiles/*/default/state.db")]
    [InlineData("profiles/*")]
    [InlineData("profiles")]
    [InlineData("")]
    public async Task Every_acknowledged_press_is_there_after_a_restart(string removed)
    {
        using var folder = new TempFolder();
        string round;
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            Assert.Equal(2, await LearnAsync(daemon, 2));
            round = (await daemon.Client.AskForTwoAsync()).Id;
            string model = Assert.Single(Directory.EnumerateDirectories(Path.Combine(folder.State, "profiles")));
            string path = Path.Combine(folder.State, removed.Replace("*", Path.GetFileName(model), StringComparison.Ordinal));
            if (File.Exists(path))
                File.Delete(path);
            else
                Directory.Delete(path, recursive: true);

            Reply pressed = await daemon.Client.PreferAsync(round, "first");
            Assert.Equal((200, 1L), (pressed.Status, pressed.Comparisons));
            Assert.Contains("fail: ", daemon.Log, StringComparison.Ordinal);
            Assert.Contains("Profile default: Its files were deleted, moved or replaced while they were open.", daemon.Log, StringComparison.Ordinal);
            await daemon.KillAsync();
        }
        await using DaemonProcess again = await DaemonProcess.StartReadyAsync(folder);
        Reply repeated = await again.Client.PreferAsync(round, "first");
        Assert.Equal((200, 1L), (repeated.Status, repeated.Comparisons));
        Assert.Equal(2, await LearnAsync(again, 1));
        Assert.DoesNotContain("fail: ", again.Log, StringComparison.Ordinal);
    }

    private static async Task<long> LearnAsync(DaemonProcess daemon, int times)
    {
        long comparisons = 0;
        for (int n = 0; n < times; n++)
            comparisons = (await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync()).Id, "first")).Comparisons;
        return comparisons;
    }
}
