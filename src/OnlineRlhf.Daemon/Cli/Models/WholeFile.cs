using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Cli.Models;

/// <summary>A file that appears whole and durable, or not at all. Until then it is written beside its place, under another name.</summary>
/// <remarks>
/// OnlineRlhf.Storage writes its small files in another way: for their owner alone, and from memory. This one is for models and settings: it comes in
/// pieces, others may read it, and the folder may be another user's. A kill leaves the unfinished file behind, which nobody uses.
/// </remarks>
internal sealed class WholeFile : IDisposable
{
    private const string Ending = ".partial";
    private const int NoSpace = 28;
    private readonly string _path;
    private bool _committed;

    /// <param name="path">Where it will be.</param>
    /// <param name="mode">Who may read and write it.</param>
    internal WholeFile(string path, UnixFileMode mode)
    {
        _path = path;
        Partial = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}{Ending}");
        // The folder may be another user's, who could put a link there.
        if (new FileInfo(Partial).LinkTarget is not null)
            throw new IOException($"{Partial} is a link: remove it.");
        // The lock tells a file that another process is writing from one that a killed process left behind.
        Content = FileLock.TryTake(Partial) ?? throw new IOException($"{path} is being written by another process: wait for it.");
        Content.SetLength(0);
        File.SetUnixFileMode(Content.SafeFileHandle, mode);
    }

    /// <summary>What is written.</summary>
    internal FileStream Content { get; }

    /// <summary>Its name until then.</summary>
    internal string Partial { get; }

    /// <summary>Makes what was written durable; from here on others may read it.</summary>
    internal void Finish()
    {
        if (!Content.CanWrite)
            return;
        Content.Flush(flushToDisk: true);
        Content.Dispose();
    }

    /// <summary>Puts it in its place.</summary>
    internal void Commit()
    {
        Finish();
        File.Move(Partial, _path, overwrite: true);
        _committed = true;
        DurableFolder.Sync(Path.GetDirectoryName(_path)!);
    }

    /// <summary>Removes what killed processes have left in a folder.</summary>
    internal static void RemoveLeftovers(string folder)
    {
        foreach (string left in Directory.EnumerateFiles(folder, ".*" + Ending, new EnumerationOptions { AttributesToSkip = 0 }))
        {
            using FileStream? free = FileLock.TryTake(left, FileMode.Open);
            // A file that is held is being written.
            if (free is not null)
                File.Delete(left);
        }
    }

    internal static bool IsFull(IOException e) => e.HResult == NoSpace;

    public void Dispose()
    {
        if (!_committed)
            File.Delete(Partial);
        Content.Dispose();
    }
}
