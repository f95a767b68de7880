using System.Text;

namespace OnlineRlhf.Benchmarks.Measuring;

/// <summary>A file that grows by a line at a time. A kill may cut its last line short; that line is measured again.</summary>
internal static class LineFile
{
    /// <summary>The whole lines.</summary>
    internal static string[] Read(string path)
    {
        byte[] content = File.ReadAllBytes(path);
        return Encoding.UTF8.GetString(content, 0, Whole(content)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Removes a line that was cut short, so that others can follow.</summary>
    internal static void DropCutLine(string path)
    {
        byte[] content = File.ReadAllBytes(path);
        if (Whole(content) == content.Length)
            return;
        using FileStream stream = File.OpenWrite(path);
        stream.SetLength(Whole(content));
    }

    private static int Whole(byte[] content) => content.AsSpan().LastIndexOf((byte)'\n') + 1;
}
