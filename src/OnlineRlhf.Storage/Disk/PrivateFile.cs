using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Storage.Disk;

/// <summary>
/// Files and folders for their owner alone, and writes whose failure is always an <see cref="IOException"/> with the system's error number.
/// </summary>
internal static class PrivateFile
{
    private const UnixFileMode FileMode0600 = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        FolderMode0700 = FileMode0600 | UnixFileMode.UserExecute;

    /// <summary>EFBIG: the file reached the process's limit for files (ulimit -f), or that of its file system.</summary>
    private const int TooBig = 27;

    /// <summary>Opens a file to read and write; one that others may read is made private.</summary>
    public static SafeFileHandle Open(string path, FileMode mode)
    {
        SafeFileHandle file = File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
        try
        {
            if (File.GetUnixFileMode(file) != FileMode0600)
                File.SetUnixFileMode(file, FileMode0600);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes a folder and those above it that are missing; one that is there and open to others is made private.</summary>
    /// <remarks>Their names are not durable before <see cref="DurableFolder.Sync"/>.</remarks>
    public static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            if (File.GetUnixFileMode(folder) != FolderMode0700)
                File.SetUnixFileMode(folder, FolderMode0700);
            return;
        }
        string? parent = Path.GetDirectoryName(Path.GetFullPath(folder));
        if (parent is not null && !Directory.Exists(parent))
            CreateFolder(parent);
        _ = Directory.CreateDirectory(folder, FolderMode0700);
    }

    /// <summary>Writes at an offset.</summary>
    public static void Write(SafeFileHandle file, ReadOnlySpan<byte> data, long offset)
    {
        try
        {
            RandomAccess.Write(file, data, offset);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw FileTooBig();
        }
    }

    /// <summary>Writes a whole file: what is at the path is the old content or the new one. Its name is durable once its folder is synced.</summary>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + ".new";
        using (SafeFileHandle file = Open(temporary, FileMode.Create))
        {
            Write(file, content, 0);
            Posix.SyncData(file);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Cuts a file or lets it grow.</summary>
    public static void SetLength(SafeFileHandle file, long length)
    {
        try
        {
            RandomAccess.SetLength(file, length);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw FileTooBig();
        }
    }

    /// <summary>What .NET makes of EFBIG: it takes the offset for wrong.</summary>
    private static IOException FileTooBig() => new("The file would be larger than this process, or the file system, allows.", TooBig);
}
