using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Storage.Disk;

/// <summary>The calls of the C library that .NET has no equivalent of.</summary>
internal static partial class Posix
{
    private const int ReadOnly = 0,
        CloseOnExec = 0x80000;

    // For statx. linux/stat.h and fcntl.h define its structure, which is the same on every processor.
    private const int CurrentFolder = -100,
        EmptyPath = 0x1000,
        StatusBytes = 256,
        InodeAt = 32,
        DeviceAt = 136;
    private const uint WantInode = 0x100;

    /// <summary>Makes a file's content durable, and as much of its metadata as reading it needs.</summary>
    /// <remarks>Where the file keeps its length, this saves the journal commit of fsync.</remarks>
    public static void SyncData(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }
        while (FDataSync(file) != 0)
            ThrowUnlessInterrupted("fdatasync");
    }

    /// <summary>Makes names created, renamed or deleted in a directory durable. Only <see cref="DurableFolder"/> calls this.</summary>
    public static void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsLinux())
            return;
        int descriptor = Open(path, ReadOnly | CloseOnExec);
        if (descriptor < 0)
            throw Failure("open of the directory");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        while (FSync(handle) != 0)
            ThrowUnlessInterrupted("fsync of the directory");
    }

    /// <summary>The file that a path names; null where there is none, or where the path cannot be followed.</summary>
    public static FileIdentity? Identify(string path)
    {
        if (!OperatingSystem.IsLinux())
            return default(FileIdentity);
        Span<byte> status = stackalloc byte[StatusBytes];
        return StatX(CurrentFolder, path, 0, WantInode, ref status[0]) == 0 ? Read(status) : null;
    }

    /// <summary>The file that a handle has open.</summary>
    public static FileIdentity Identify(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
            return default;
        Span<byte> status = stackalloc byte[StatusBytes];
        return StatX(file, "", EmptyPath, WantInode, ref status[0]) == 0 ? Read(status) : throw Failure("statx");
    }

    private static FileIdentity Read(ReadOnlySpan<byte> status) =>
        new(
            // The major and the minor number of the device lie beside each other. They are only compared, so one number holds both.
            MemoryMarshal.Read<ulong>(status[DeviceAt..]),
            MemoryMarshal.Read<ulong>(status[InodeAt..])
        );

    private static void ThrowUnlessInterrupted(string call)
    {
        if (Marshal.GetLastPInvokeError() != ErrorNumber.Interrupted)
            throw Failure(call);
    }

    private static IOException Failure(string call)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"{call}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int FDataSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref byte status);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(SafeFileHandle folder, string path, int flags, uint mask, ref byte status);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
