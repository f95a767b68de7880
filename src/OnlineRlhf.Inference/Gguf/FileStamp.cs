using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OnlineRlhf.Inference.Gguf;

/// <summary>Identifies the content of a file without reading it: the stamp changes whenever the file is written, cut or replaced.</summary>
/// <param name="Device">The device that holds the file.</param>
/// <param name="Inode">The number of the file on that device.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Seconds">When the file was changed last. Programs cannot set this time.</param>
/// <param name="Nanoseconds">The rest of that time.</param>
internal readonly unsafe partial record struct FileStamp(ulong Device, ulong Inode, ulong Size, long Seconds, uint Nanoseconds)
{
    private const int CurrentFolder = -100,
        Bytes = 256;
    private const uint Basic = 0x7FF;

    /// <summary>The stamp of the file at a path, with links resolved; null if there is no such file, or it may not be seen.</summary>
    internal static FileStamp? Of(string path)
    {
        // The structure statx of linux/stat.h, which is the same on every architecture.
        byte* found = stackalloc byte[Bytes];
        if (statx(CurrentFolder, path, 0, Basic, found) != 0)
            return null;
        var fields = new ReadOnlySpan<byte>(found, Bytes);
        return new FileStamp(
            BinaryPrimitives.ReadUInt64LittleEndian(fields[136..]),
            BinaryPrimitives.ReadUInt64LittleEndian(fields[32..]),
            BinaryPrimitives.ReadUInt64LittleEndian(fields[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(fields[96..]),
            BinaryPrimitives.ReadUInt32LittleEndian(fields[104..])
        );
    }

    /// <summary>
    /// Whether the path leads to an anonymous file, such as the one in memory that holds the demo model. No other process can open it.
    /// </summary>
    internal static bool IsAnonymous(string path)
    {
        byte* found = stackalloc byte[Bytes];
        return statx(CurrentFolder, path, 0, Basic, found) == 0 && *(uint*)(found + 16) == 0;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statx(int folder, string path, int flags, uint mask, byte* found);
}
