namespace OnlineRlhf.Rounds.Tests;

/// <summary>
/// The checkout that the tests were built from. Some tests read its source; others hold its documents against the program's own tables, and write
/// them where <c>ONLINERLHF_WRITE_DOCS=1</c> is set.
/// </summary>
internal static class Checkout
{
    internal static string Root { get; } = Find();

    internal static string Path(string file) => System.IO.Path.Combine(Root, file);

    internal static string Read(string file) => File.ReadAllText(Path(file));

    /// <summary>A file says what the program says; where it does not, the failure tells how to write it.</summary>
    internal static void MustSay(string file, string text)
    {
        if (Environment.GetEnvironmentVariable("ONLINERLHF_WRITE_DOCS") == "1")
            File.WriteAllText(Path(file), text);
        Assert.Equal(text, Read(file));
    }

    private static string Find()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(folder, "OnlineRlhf.sln")))
            folder =
                System.IO.Path.GetDirectoryName(folder)
                ?? throw new InvalidOperationException("These tests read the source tree: run them from a checkout.");
        return folder;
    }
}
