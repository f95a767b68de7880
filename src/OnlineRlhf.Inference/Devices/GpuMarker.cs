namespace OnlineRlhf.Inference.Devices;

/// <summary>
/// A file that is there only while a GPU computes: a driver that loses its device ends the process (ggml throws through it), and the next start,
/// which finds the file, takes the CPU. It belongs on a file system that a boot clears, so that a cut power does not count.
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
            // Without the file a lost device is met again after the next start; without the answer nobody is served.
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
