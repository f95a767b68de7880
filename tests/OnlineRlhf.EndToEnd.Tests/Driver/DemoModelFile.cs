namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>The demo model of this repository, found from where the tests run.</summary>
internal static class DemoModelFile
{
    internal static string Path { get; } = Find();

    private static string Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string path = System.IO.Path.Combine(folder.FullName, "packaging", "demo-model", "hearth-2m-q8_0.gguf");
            if (File.Exists(path))
                return path;
        }
        throw new FileNotFoundException("packaging/demo-model/hearth-2m-q8_0.gguf is missing above the folder of the tests.");
    }
}
