using System.Diagnostics;

namespace OnlineRlhf.EndToEnd.Tests.Startup;

/// <summary>A state folder in which no profile can be written stops the start, not the first request.</summary>
public sealed class StateFolderTests
{
    private const string Setpriv = "/usr/bin/setpriv",
        Nobody = "65534";

    [PublishedFact]
    public async Task A_file_in_the_profiles_place_is_refused()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.State);
        await File.WriteAllTextAsync(Path.Combine(folder.State, "profiles"), "untouched", TestContext.Current.CancellationToken);

        MustRefuse(await Program.RunAsync(folder, "serve"), folder);
        Assert.Equal("untouched", await File.ReadAllTextAsync(Path.Combine(folder.State, "profiles"), TestContext.Current.CancellationToken));
    }

    [PublishedTheory]
    [InlineData("700")]
    [InlineData("755")]
    public async Task A_folder_of_profiles_that_belongs_to_somebody_else_is_refused(string mode)
    {
        Assert.SkipUnless(
            Environment.UserName == "root" && File.Exists(Setpriv),
            $"Only root can give a folder away, and needs {Setpriv} to lay its own powers down."
        );
        using var folder = new TempFolder();
        string profiles = Directory.CreateDirectory(Path.Combine(folder.State, "profiles")).FullName;
        using (Process shell = Process.Start("sh", ["-c", "chmod \"$1\" \"$3\" && chown \"$2\" \"$3\"", "sh", mode, Nobody, profiles]))
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);

        MustRefuse(await Program.RunAsync(Setpriv, folder, [], null, "--bounding-set=-all", "--inh-caps=-all", Published.Path, "serve"), folder);
    }

    private static void MustRefuse(Program.Ended ended, TempFolder folder)
    {
        Assert.True(ended.ExitCode == 78, $"{ended.ExitCode}: {ended.Output}{ended.Errors}");
        string line = Assert.Single(ended.ErrorLines);
        Assert.StartsWith($"onlinerlhf: state: {folder.State} ", line, StringComparison.Ordinal);
        Assert.Contains("--state", line, StringComparison.Ordinal);
    }
}
