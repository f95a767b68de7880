using System.Text;

namespace OnlineRlhf.EndToEnd.Tests.Survival;

/// <summary>A state that does not fit is left as it is; a damaged one is moved aside. The daemon runs on, and says so.</summary>
public sealed class ForeignStateTests
{
    [PublishedFact]
    public async Task Another_model_starts_a_state_of_its_own_and_leaves_the_other_untouched()
    {
        using var folder = new TempFolder();
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            await LearnAsync(daemon);
            await daemon.StopAsync();
        }
        Dictionary<string, byte[]> before = folder.StateFiles().ToDictionary(f => f.Path, f => f.Bytes);
        await using (DaemonProcess other = await DaemonProcess.StartReadyAsync(folder, "--model", await OtherModelAsync(folder)))
        {
            Assert.Equal(1, await LearnAsync(other, 1));
            await other.StopAsync();
        }

        foreach ((string path, byte[] bytes) in before.Where(f => f.Key.Contains("profiles", StringComparison.Ordinal)))
            Assert.Equal(bytes, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        await using DaemonProcess again = await DaemonProcess.StartReadyAsync(folder);
        Assert.Equal(4, await LearnAsync(again, 1));
    }

    [PublishedFact]
    public async Task A_state_put_under_another_model_is_refused_before_anything_is_generated_and_left_as_it_is()
    {
        using var folder = new TempFolder();
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            await LearnAsync(daemon);
            await daemon.StopAsync();
        }
        string own = Assert.Single(Directory.EnumerateDirectories(Path.Combine(folder.State, "profiles")));
        string model = await OtherModelAsync(folder);
        await using (DaemonProcess other = await DaemonProcess.StartReadyAsync(folder, "--model", model))
        {
            await LearnAsync(other, 1);
            await other.StopAsync();
        }
        string foreign = Assert.Single(Directory.EnumerateDirectories(Path.Combine(folder.State, "profiles")), d => d != own);
        Directory.Move(Path.Combine(own, "default"), Path.Combine(foreign, "moved"));
        Dictionary<string, byte[]> before = folder.StateFiles().ToDictionary(f => f.Path, f => f.Bytes);
        await using (DaemonProcess other = await DaemonProcess.StartReadyAsync(folder, "--model", model))
        {
            Reply refused = await other.Client.AskAsync("How do I make tea?", "moved");
            refused.MustBeProblem(409, "model");
            Assert.Equal("state-does-not-fit", refused.Reason);
            Assert.Equal(201, (await other.Client.AskAsync("How do I make tea?", "somebody-else")).Status);
            await other.StopAsync();
        }
        foreach ((string path, byte[] bytes) in before.Where(f => f.Key.Contains("moved", StringComparison.Ordinal)))
            Assert.Equal(bytes, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
    }

    [PublishedFact]
    public async Task A_damaged_state_is_moved_aside_and_reported_and_learning_starts_anew()
    {
        using var folder = new TempFolder();
        await using (DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder))
        {
            await LearnAsync(daemon);
            await daemon.StopAsync();
        }
        string file = Assert.Single(folder.StateFiles(), f => f.Path.EndsWith("/state.db", StringComparison.Ordinal)).Path;
        byte[] noise = new byte[new FileInfo(file).Length];
        new Random(3).NextBytes(noise);
        await File.WriteAllBytesAsync(file, noise, TestContext.Current.CancellationToken);
        await using DaemonProcess again = await DaemonProcess.StartReadyAsync(folder);
        long comparisons = await LearnAsync(again, 1);
        await again.StopAsync();

        Assert.Equal(1, comparisons);
        Assert.Contains("fail: ", again.Log, StringComparison.Ordinal);
        string kept = Assert.Single(folder.StateFiles(), f => f.Bytes.AsSpan().SequenceEqual(noise)).Path;
        Assert.Contains($"Profile default: the damaged file is kept as it was found, in {kept}", again.Log, StringComparison.Ordinal);
    }

    private static async Task<long> LearnAsync(DaemonProcess daemon, int times = 3)
    {
        long comparisons = 0;
        for (int n = 0; n < times; n++)
            comparisons = (await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync()).Id, "first")).Comparisons;
        return comparisons;
    }

    /// <summary>The demo model under another name: another model, as far as the state is concerned.</summary>
    private static async Task<string> OtherModelAsync(TempFolder folder)
    {
        byte[] model = await File.ReadAllBytesAsync(DemoModelFile.Path, TestContext.Current.CancellationToken);
        int name = model.AsSpan().IndexOf(Encoding.UTF8.GetBytes("Hearth"));
        model[name] = (byte)'D';
        string path = Path.Combine(folder.Root, "other.gguf");
        await File.WriteAllBytesAsync(path, model, TestContext.Current.CancellationToken);
        return path;
    }
}
