namespace OnlineRlhf.Inference.Features;

/// <summary>Reads text files that are embedded in this assembly.</summary>
internal static class Resources
{
    /// <summary>The lines of an embedded text file; null if there is none with that name.</summary>
    public static IReadOnlyList<string>? Lines(string name)
    {
        using Stream? stream = typeof(Resources).Assembly.GetManifestResourceStream(name);
        if (stream is null)
            return null;
        using StreamReader reader = new(stream);
        List<string> lines = [];
        while (reader.ReadLine() is { } line)
            lines.Add(line);
        return lines;
    }
}
