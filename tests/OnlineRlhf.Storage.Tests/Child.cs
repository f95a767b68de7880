using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Storage.Tests;

/// <summary>The child process that appends known comparisons until it is killed.</summary>
internal static class Child
{
    /// <summary>
    /// Starts it, kills it with SIGKILL at its line number <paramref name="lines"/>, and returns the last
    /// step that it acknowledged, 0 where none.
    /// </summary>
    public static long KillAfter(int lines, StateFolder folder, HyperParameters hyperParameters, bool trace)
    {
        var start = new ProcessStartInfo(Dotnet()) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "OnlineRlhf.Storage.CrashWriter.dll"));
        foreach (
            object argument in new object[]
            {
                "write",
                folder.Profile,
                folder.Dimension,
                StateFolder.Seed,
                hyperParameters.StepSize,
                hyperParameters.Regularization,
            }
        )
            start.ArgumentList.Add(string.Create(CultureInfo.InvariantCulture, $"{argument}"));
        if (trace)
            start.ArgumentList.Add("trace");
        if (folder.Mixed)
            start.ArgumentList.Add("mixed");
        start.Environment["DOTNET_TieredPGO"] = "0";
        using Process child = Process.Start(start)!;
        long acknowledged = 0;
        string? line = null;
        while (lines-- > 0 && (line = child.StandardOutput.ReadLine()) is not null)
            acknowledged = Math.Max(acknowledged, Acknowledged(line));
        // Process.Kill is SIGKILL.
        child.Kill();
        Assert.True(line is not null, child.StandardError.ReadToEnd());
        // What it printed before the signal reached it was acknowledged too.
        while (child.StandardOutput.ReadLine() is { } late)
            acknowledged = Math.Max(acknowledged, Acknowledged(late));
        child.WaitForExit();
        return acknowledged;
    }

    private static long Acknowledged(string line) =>
        line.StartsWith("A ", StringComparison.Ordinal) ? long.Parse(line.AsSpan(2), CultureInfo.InvariantCulture) : 0;

    private static string Dotnet()
    {
        string root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return Path.Combine(root, "dotnet");
    }
}
