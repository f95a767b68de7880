namespace OnlineRlhf.Storage.Disk;

/// <summary>Files beside the profiles, such as <c>calibration-KEY.json</c>.</summary>
internal static class StateFile
{
    private const int LongestKey = 128;

    /// <exception cref="ArgumentException">The key holds what could lead out of the directory.</exception>
    internal static string PathOf(string directory, string kind, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (key.Length > LongestKey || !key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            throw new ArgumentException($"{key} cannot be part of a file's name.", nameof(key));
        return Path.Combine(directory, $"{kind}-{key}.json");
    }

    /// <summary>Writes one: whole or not at all, durable, and for its owner alone. Creates the directory where it is missing.</summary>
    /// <exception cref="StateException">The file cannot be written.</exception>
    internal static void Write(string path, ReadOnlySpan<byte> content)
    {
        string directory = Path.GetDirectoryName(path)!;
        try
        {
            _ = Directory.CreateDirectory(directory);
            PrivateFile.Replace(path, content);
            DurableFolder.Sync(directory);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StateException.Of(failure, path);
        }
    }
}
