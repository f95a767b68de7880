using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Storage.Disk;

/// <summary>Writes small files whole: a kill or a power cut leaves the old content or the new one.</summary>
/// <remarks>
/// Three writers do the same in another way, each for a reason. The state file is built by LiteDB, and its log is emptied in between:
/// <see cref="Recovery.StateBuilder"/>. A copy of a damaged state must not take the place of an older one: <see cref="Recovery.ProfileDirectory"/>.
/// A model is large, comes in pieces, and others may read it: the daemon's <c>WholeFile</c>.
/// </remarks>
internal static class AtomicFile
{
    /// <summary>Replaces a file, or makes it: for its owner alone, and durable when this returns.</summary>
    /// <exception cref="StateException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".new";
        try
        {
            using (SafeFileHandle file = PrivateFile.Open(temporary, FileMode.Create))
            {
                PrivateFile.Write(file, content, 0);
                Posix.SyncData(file);
            }
            File.Move(temporary, path, overwrite: true);
            DurableFolder.Sync(Path.GetDirectoryName(path)!);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StateException.Of(failure, path);
        }
    }
}
