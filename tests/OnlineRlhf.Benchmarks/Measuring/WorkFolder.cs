namespace OnlineRlhf.Benchmarks.Measuring;

/// <summary>A folder for one benchmark on a real file system, deleted afterwards.</summary>
internal sealed class WorkFolder : IDisposable
{
    private WorkFolder(string path) => FullPath = path;

    internal string FullPath { get; }

    internal string FileSystem => new DriveInfo(FullPath).DriveFormat;

    /// <summary>Makes a folder of its own in a directory.</summary>
    /// <exception cref="InvalidOperationException">
    /// The directory lies in memory: what is written there costs nothing and survives nothing.
    /// </exception>
    internal static WorkFolder Create(string directory)
    {
        _ = Directory.CreateDirectory(directory);
        string format = new DriveInfo(Path.GetFullPath(directory)).DriveFormat;
        if (format is "tmpfs" or "ramfs" or "devtmpfs")
            throw new InvalidOperationException(
                $"{directory} is on {format}, in memory, where durability costs nothing: name a folder on a disk with --directory."
            );
        return new WorkFolder(
            Directory
                .CreateDirectory(Path.Combine(Path.GetFullPath(directory), $"benchmark-{Environment.ProcessId}-{Guid.NewGuid():N}"[..28]))
                .FullName
        );
    }

    internal string Sub(string name) => Path.Combine(FullPath, name);

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
