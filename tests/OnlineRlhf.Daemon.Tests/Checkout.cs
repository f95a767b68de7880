namespace OnlineRlhf.Daemon.Tests;

/// <summary>Files of the project that the program's own tables are written into. <c>ONLINERLHF_WRITE_DOCS=1</c> has the tests write them.</summary>
internal static class Checkout
{
    private static readonly string Root = Find();

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
            folder = System.IO.Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("This is not a checkout of the project.");
        return folder;
    }
}
