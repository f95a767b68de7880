using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Cli.Models;

/// <summary>A file that appears complete and durable, or not at all. Until then its content is written beside it, under another name.</summary>
/// <remarks>
/// OnlineRlhf.Storage writes its small files differently: from memory, and for their owner alone. This class is for models and settings,
/// which are written in pieces, and which other users may read. The folder may belong to another user. A kill leaves an unfinished file
/// behind, which nothing uses.
/// </remarks>
internal sealed class WholeFile : IDisposable
{
    private const string Ending = ".partial";
    private const int NoSpace = 28;
    private readonly string _path;
    private bool _committed;

    /// <param name="path">The path of the file.</param>
    /// <param name="mode">The permissions of the file.</param>
    internal WholeFile(string path, UnixFileMode mode)
    {
        _path = path;
        Partial = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}{Ending}");
        // The folder may belong to another user, who could have put a link there.
        if (new FileInfo(Partial).LinkTarget is not null)
            throw new IOException($"{Partial} is a link: remove it.");
        // The lock distinguishes a file that another process is writing from one that a killed process left behind.
        Content = FileLock.TryTake(Partial) ?? throw new IOException($"{path} is being written by another process: wait for it.");
        Content.SetLength(0);
        File.SetUnixFileMode(Content.SafeFileHandle, mode);
    }

    /// <summary>The stream to write the content to.</summary>
    internal FileStream Content { get; }

    /// <summary>The path of the unfinished file.</summary>
    internal string Partial { get; }

    /// <summary>Makes the content durable. From here on others may open the unfinished file.</summary>
    internal void Finish()
    {
        if (!Content.CanWrite)
            return;
        Content.Flush(flushToDisk: true);
        Content.Dispose();
    }

    /// <summary>Moves the file to its place.</summary>
    internal void Commit()
    {
        Finish();
        File.Move(Partial, _path, overwrite: true);
        _committed = true;
        DurableFolder.Sync(Path.GetDirectoryName(_path)!);
    }

    /// <summary>Removes the unfinished files that killed processes left in a folder.</summary>
    internal static void RemoveLeftovers(string folder)
    {
        foreach (string left in Directory.EnumerateFiles(folder, ".*" + Ending, new EnumerationOptions { AttributesToSkip = 0 }))
        {
            using FileStream? free = FileLock.TryTake(left, FileMode.Open);
            // A locked file is being written.
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
