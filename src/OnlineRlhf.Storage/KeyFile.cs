using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;
using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage;

/// <summary>The keys of clients, in the file <c>keys</c> of the state folder: 184 bytes for each, and a checksum.</summary>
/// <remarks>A damaged file is an error. Were it taken for an empty one, the next key would overwrite all others.</remarks>
public static class KeyFile
{
    private const string Name = "keys";
    private const int TextBytes = 64,
        GuidBytes = 16,
        DigestBytes = 32,
        ProfileAt = TextBytes,
        IdAt = ProfileAt + TextBytes,
        CreatedAt = IdAt + GuidBytes,
        FlagsAt = CreatedAt + sizeof(int),
        DigestAt = FlagsAt + sizeof(int),
        EntryBytes = DigestAt + DigestBytes,
        ChecksumBytes = sizeof(ulong),
        Largest = 1 << 20;
    private const int NamesProfiles = 1,
        TalkLearned = 2;

    private static ReadOnlySpan<byte> Magic => "orlhf-k1"u8;

    /// <summary>Reads the keys; none where there is no file. Takes the file away from other users where they may read it.</summary>
    /// <exception cref="StateException">The file is damaged or cannot be read.</exception>
    public static IReadOnlyList<AccessKey> Read(string directory)
    {
        string path = Path.Combine(directory, Name);
        byte[] bytes;
        try
        {
            using SafeFileHandle file = PrivateFile.Open(path, FileMode.Open);
            bytes = new byte[Math.Min(RandomAccess.GetLength(file), Largest)];
            _ = RandomAccess.Read(file, bytes, 0);
        }
        catch (Exception absent) when (absent is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StateException.Of(failure, path);
        }
        return Parse(bytes)
            ?? throw new StateException(
                StateError.Damaged,
                $"{path} is damaged: put back a copy of it, or delete it and make every key anew with onlinerlhf key add."
            );
    }

    /// <summary>Writes the keys: whole or not at all, durable, and for their owner alone.</summary>
    /// <exception cref="StateException">The file cannot be written.</exception>
    public static void Write(string directory, IReadOnlyList<AccessKey> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        byte[] bytes = new byte[Magic.Length + (keys.Count * EntryBytes) + ChecksumBytes];
        Magic.CopyTo(bytes);
        for (int i = 0; i < keys.Count; i++)
            CopyTo(keys[i], bytes.AsSpan(Magic.Length + (i * EntryBytes), EntryBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(bytes.Length - ChecksumBytes), Sum(bytes));
        AtomicFile.Write(Path.Combine(directory, Name), bytes);
    }

    private static List<AccessKey>? Parse(ReadOnlySpan<byte> bytes)
    {
        if (
            bytes.Length < Magic.Length + ChecksumBytes
            || (bytes.Length - Magic.Length - ChecksumBytes) % EntryBytes != 0
            || !bytes.StartsWith(Magic)
            || Sum(bytes) != BinaryPrimitives.ReadUInt64LittleEndian(bytes[^ChecksumBytes..])
        )
            return null;
        List<AccessKey> keys = [];
        for (bytes = bytes[Magic.Length..^ChecksumBytes]; bytes.Length > 0; bytes = bytes[EntryBytes..])
        {
            int flags = BinaryPrimitives.ReadInt32LittleEndian(bytes[FlagsAt..]);
            keys.Add(
                new AccessKey(
                    Text(bytes),
                    Text(bytes[ProfileAt..]),
                    new Guid(bytes.Slice(IdAt, GuidBytes)),
                    DateOnly.FromDayNumber(BinaryPrimitives.ReadInt32LittleEndian(bytes[CreatedAt..])),
                    (flags & NamesProfiles) != 0,
                    (flags & TalkLearned) != 0,
                    bytes.Slice(DigestAt, DigestBytes).ToArray()
                )
            );
        }
        return keys;
    }

    private static void CopyTo(AccessKey key, Span<byte> entry)
    {
        _ = Encoding.ASCII.GetBytes(key.Name, entry[..TextBytes]);
        _ = Encoding.ASCII.GetBytes(key.Profile, entry.Slice(ProfileAt, TextBytes));
        _ = key.Id.TryWriteBytes(entry[IdAt..]);
        BinaryPrimitives.WriteInt32LittleEndian(entry[CreatedAt..], key.Created.DayNumber);
        int flags = (key.MayNameProfiles ? NamesProfiles : 0) | (key.IsTalkLearned ? TalkLearned : 0);
        BinaryPrimitives.WriteInt32LittleEndian(entry[FlagsAt..], flags);
        key.Digest.Span.CopyTo(entry[DigestAt..]);
    }

    private static string Text(ReadOnlySpan<byte> field) => Encoding.ASCII.GetString(field[..TextBytes].TrimEnd((byte)0));

    private static ulong Sum(ReadOnlySpan<byte> bytes) => XxHash3.HashToUInt64(bytes[..^ChecksumBytes]);
}
