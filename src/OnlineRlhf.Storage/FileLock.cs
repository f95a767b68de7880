using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage;

/// <summary>Locks a file for one stream. The lock ends when the stream is disposed, or when the process ends in whatever way.</summary>
/// <remarks>.NET locks with flock: only streams that are opened this way respect the lock.</remarks>
public static class FileLock
{
    /// <summary>Opens a file for one stream alone; null where another one, in this process or elsewhere, holds it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">What to do where the file is missing.</param>
    /// <param name="created">Who may use a file that this call creates; null leaves that to the umask.</param>
    /// <exception cref="IOException">The file cannot be opened for another reason.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not open the file.</exception>
    public static FileStream? TryTake(string path, FileMode mode = FileMode.OpenOrCreate, UnixFileMode? created = null)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = created,
            BufferSize = 0,
        };
        try
        {
            return new FileStream(path, options);
        }
        catch (IOException held) when (held.HResult == ErrorNumber.WouldBlock)
        {
            return null;
        }
    }
}
