namespace OnlineRlhf.Storage.Disk;

/// <summary>Files beside the profiles, such as <c>calibration-KEY.json</c>.</summary>
internal static class StateFile
{
    private const int LongestKey = 128;

    /// <exception cref="ArgumentException">The key holds characters that could lead out of the directory.</exception>
    internal static string PathOf(string directory, string kind, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key.Length > LongestKey || !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            throw new ArgumentException($"{key} cannot be part of a file's name.", nameof(key));
        return Path.Combine(directory, $"{kind}-{key}.json");
    }

    /// <summary>Writes such a file by <see cref="AtomicFile"/>. Creates the directory where it is missing.</summary>
    /// <exception cref="StateException">The file cannot be written.</exception>
    internal static void Write(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            _ = Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StateException.Of(failure, path);
        }
        AtomicFile.Write(path, content);
    }
}
