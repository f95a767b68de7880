namespace OnlineRlhf.Inference.Devices;

/// <summary>
/// A file that exists only while a GPU computes. A driver that loses its device ends the process, because ggml throws through it. The next start
/// finds the file and uses the CPU. The file belongs on a file system that a boot clears, so that a power cut does not count.
/// </summary>
internal sealed class GpuMarker(string? path)
{
    internal string? Path => path;

    /// <summary>Whether the program ended while a GPU computed.</summary>
    internal bool Exists => File.Exists(path);

    internal IDisposable Enter()
    {
        try
        {
            if (path is not null)
                File.WriteAllBytes(path, []);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Go on without the file. Then the next start tries a lost device again, but refusing the request would be worse.
        }
        return new Removal(path);
    }

    private sealed class Removal(string? path) : IDisposable
    {
        public void Dispose()
        {
            if (path is not null)
                File.Delete(path);
        }
    }
}
