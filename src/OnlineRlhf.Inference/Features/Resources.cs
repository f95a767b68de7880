namespace OnlineRlhf.Inference.Features;

/// <summary>Text files embedded in this assembly, by their logical name.</summary>
internal static class Resources
{
    /// <summary>The lines of an embedded text file, or null where there is none of that name.</summary>
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
