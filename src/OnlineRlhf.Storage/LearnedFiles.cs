using System.Buffers.Binary;
using System.IO.Hashing;
using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage;

/// <summary>The digests of the last 64 data sets that one profile has learned to their end, in a file of constant size beside the state.</summary>
/// <remarks>A damaged file counts as absent. The file is deleted with the profile's folder.</remarks>
public sealed class LearnedFiles
{
    /// <summary>How many data sets are remembered. A further one takes the place of the one that was learned longest ago.</summary>
    internal const int Capacity = 64;

    private const string Name = "learned-files";
    private const int GuidBytes = 16,
        DigestBytes = 16,
        EntryBytes = DigestBytes + sizeof(int) + sizeof(long),
        ChecksumBytes = sizeof(ulong);
    private readonly List<Entry> _entries = [];

    private LearnedFiles() { }

    private static ReadOnlySpan<byte> Magic => "orlhf-f1"u8;

    private static int EntriesAt => Magic.Length + GuidBytes;

    private static int FileBytes => EntriesAt + (Capacity * EntryBytes) + ChecksumBytes;

    /// <summary>A name for the state beside this file: another one after the state was deleted. Empty until <see cref="Record"/>.</summary>
    public Guid State { get; private set; }

    /// <summary>Reads the file of a profile's directory.</summary>
    /// <exception cref="StateException">The disk does not let it be read.</exception>
    public static LearnedFiles Read(string directory)
    {
        string path = Path.Combine(directory, Name);
        try
        {
            return File.Exists(path) ? Parse(File.ReadAllBytes(path)) : new LearnedFiles();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StateException.Of(failure, path);
        }
    }

    /// <summary>Deletes the file, since a state that starts anew has learned nothing.</summary>
    /// <exception cref="StateException">It cannot be deleted.</exception>
    public static void Delete(string directory)
    {
        string path = Path.Combine(directory, Name);
        try
        {
            if (File.Exists(path))
                File.Delete(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StateException.Of(failure, path);
        }
    }

    /// <summary>How often a data set was learned to its end.</summary>
    /// <param name="digest">The data set.</param>
    /// <param name="comparisons">How many comparisons the state holds. An entry made with more does not count: this state was put back since.</param>
    public int Runs(UInt128 digest, long comparisons) =>
        _entries.Find(e => e.Digest == digest) is { } entry && entry.Comparisons <= comparisons ? entry.Runs : 0;

    /// <summary>Notes how often a data set was learned to its end. With 0 runs it notes nothing; the state gets its name all the same.</summary>
    public void Record(UInt128 digest, int runs, long comparisons)
    {
        if (State == Guid.Empty)
            State = Guid.NewGuid();
        if (runs == 0)
            return;
        _ = _entries.RemoveAll(e => e.Digest == digest);
        _entries.Add(new Entry(digest, runs, comparisons));
        if (_entries.Count > Capacity)
            _entries.RemoveAt(0);
    }

    /// <summary>Writes the file: whole or not at all, and durable.</summary>
    /// <exception cref="StateException">It cannot be written.</exception>
    public void Write(string directory)
    {
        byte[] bytes = new byte[FileBytes];
        Magic.CopyTo(bytes);
        _ = State.TryWriteBytes(bytes.AsSpan(Magic.Length));
        for (int i = 0; i < _entries.Count; i++)
            _entries[i].CopyTo(bytes.AsSpan(EntriesAt + (i * EntryBytes)));
        ulong sum = XxHash3.HashToUInt64(bytes.AsSpan(0, FileBytes - ChecksumBytes));
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(FileBytes - ChecksumBytes), sum);
        AtomicFile.Write(Path.Combine(directory, Name), bytes);
    }

    private static LearnedFiles Parse(ReadOnlySpan<byte> bytes)
    {
        var files = new LearnedFiles();
        if (
            bytes.Length != FileBytes
            || !bytes.StartsWith(Magic)
            || XxHash3.HashToUInt64(bytes[..^ChecksumBytes]) != BinaryPrimitives.ReadUInt64LittleEndian(bytes[^ChecksumBytes..])
        )
            return files;
        files.State = new Guid(bytes.Slice(Magic.Length, GuidBytes));
        for (int i = 0; i < Capacity; i++)
        {
            Entry entry = Entry.Read(bytes.Slice(EntriesAt + (i * EntryBytes), EntryBytes));
            if (entry.Runs > 0)
                files._entries.Add(entry);
        }
        return files;
    }

    private sealed record Entry(UInt128 Digest, int Runs, long Comparisons)
    {
        internal static Entry Read(ReadOnlySpan<byte> from) =>
            new(
                BinaryPrimitives.ReadUInt128LittleEndian(from),
                BinaryPrimitives.ReadInt32LittleEndian(from[DigestBytes..]),
                BinaryPrimitives.ReadInt64LittleEndian(from[(DigestBytes + sizeof(int))..])
            );

        internal void CopyTo(Span<byte> to)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(to, Digest);
            BinaryPrimitives.WriteInt32LittleEndian(to[DigestBytes..], Runs);
            BinaryPrimitives.WriteInt64LittleEndian(to[(DigestBytes + sizeof(int))..], Comparisons);
        }
    }
}
