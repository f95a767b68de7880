namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>A model file that is none, or not all of one, ends the start with one line and code 78, never a crash.</summary>
public sealed class ModelFileTests
{
    [PublishedFact]
    public async Task A_file_that_is_no_model_is_refused()
    {
        using var folder = new TempFolder();
        await MustRefuseAsync(folder, folder.Write("notes.gguf", "This is a text, and no model."));
        await MustRefuseAsync(folder, folder.Write("empty.gguf", ""));
        await MustRefuseAsync(folder, folder.Root);
        await MustRefuseAsync(folder, "/dev/null");
    }

    [PublishedFact]
    public async Task A_truncated_model_is_refused_whatever_its_length()
    {
        using var folder = new TempFolder();
        byte[] whole = await File.ReadAllBytesAsync(DemoModelFile.Path, TestContext.Current.CancellationToken);
        foreach (int length in new[] { 4, 23, 24, 100, 5_000, whole.Length / 10, whole.Length / 2, whole.Length - 1 })
        {
            string path = Path.Combine(folder.Root, $"{length}.gguf");
            await File.WriteAllBytesAsync(path, whole[..length], TestContext.Current.CancellationToken);
            await MustRefuseAsync(folder, path);
        }
    }

    [PublishedFact]
    public async Task A_model_file_by_path_serves_like_the_embedded_one()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder, new Variables { ["ONLINERLHF_MODEL"] = DemoModelFile.Path });
        await daemon.WaitUntilReadyAsync();

        Assert.Equal(201, (await daemon.Client.AskAsync("Hello")).Status);
    }

    [PublishedFact]
    public async Task A_folder_without_the_libraries_is_refused()
    {
        using var folder = new TempFolder();
        Program.Ended ended = await Program.RunAsync(folder, "serve", "--natives", folder.Root);

        Assert.Equal(78, ended.ExitCode);
        Assert.Contains(folder.Root, Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
    }

    private static async Task MustRefuseAsync(TempFolder folder, string path)
    {
        Program.Ended ended = await Program.RunAsync(folder, "serve", "--threads", "1", "--model", path);

        Assert.True(ended.ExitCode == 78, $"{path}: {ended.ExitCode}: {ended.Output}{ended.Errors}");
        Assert.Contains(path, Assert.Single(ended.ErrorLines), StringComparison.Ordinal);
        Assert.Null(Posix.Mode(folder.Socket));
    }
}
