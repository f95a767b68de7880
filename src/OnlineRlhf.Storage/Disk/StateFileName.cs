namespace OnlineRlhf.Storage.Disk;

/// <summary>Names of files beside the profiles, such as <c>calibration-KEY.json</c>.</summary>
internal static class StateFileName
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
}
