namespace OnlineRlhf.Rounds.Tests;

/// <summary>The source tree that the tests were built from: some tests read it.</summary>
internal static class Checkout
{
    internal static string Root { get; } = Find();

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "OnlineRlhf.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("These tests read the source tree: run them from a checkout.");
    }
}
