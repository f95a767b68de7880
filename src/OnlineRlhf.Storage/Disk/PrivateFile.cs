using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Storage.Disk;

/// <summary>Files and folders for their owner alone.</summary>
/// <remarks>A write that fails always throws an <see cref="IOException"/> with the system's error number.</remarks>
internal static class PrivateFile
{
    private const UnixFileMode FileMode0600 = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        FolderMode0700 = FileMode0600 | UnixFileMode.UserExecute;

    /// <summary>Opens a file to read and write. Makes it private where others may read it.</summary>
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

    /// <summary>Makes a folder, and those above it that are missing. Makes it private where it is there and open to others.</summary>
    /// <remarks>The names become durable with <see cref="DurableFolder.Sync"/>.</remarks>
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

    /// <summary>The error behind the ArgumentOutOfRangeException that .NET makes of EFBIG, as if the offset were wrong.</summary>
    private static IOException FileTooBig() => new("The file would be larger than this process, or the file system, allows.", ErrorNumber.TooBig);
}
