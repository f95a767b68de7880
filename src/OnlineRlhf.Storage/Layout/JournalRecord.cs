using System.Buffers.Binary;
using LiteDB;

namespace OnlineRlhf.Storage.Layout;

/// <summary>What changes beside the comparisons, document 3 of <c>meta</c>: of constant size, and replaced whole.</summary>
/// <param name="Epoch">Tells histories apart: it rises where comparisons are taken back and their numbers are given again.</param>
/// <param name="Trusted">The sources whose comparisons are learned at once, at most <see cref="MostTrusted"/>, the newest last.</param>
/// <param name="Held">The comparisons that are held back, the oldest first.</param>
internal sealed record JournalRecord(long Epoch, IReadOnlyList<Guid> Trusted, IReadOnlyList<HeldRecord> Held)
{
    /// <summary>The number of the document.</summary>
    public const int Number = 3;

    /// <summary>How many sources are remembered as trusted. A further one takes the place of the oldest.</summary>
    public const int MostTrusted = 32;

    /// <summary>The journal of a new state.</summary>
    public static readonly JournalRecord Empty = new(0, [], []);

    private const int GuidBytes = 16,
        EntryBytes = (2 * GuidBytes) + sizeof(long) + sizeof(int),
        HeldAt = sizeof(int) + (MostTrusted * GuidBytes),
        DataBytes = HeldAt + sizeof(int) + (StateFormat.MostHeld * EntryBytes);

    private static readonly long s_longest = (long)TimeSpan.FromDays(30).TotalSeconds;

    /// <summary>The comparisons that are not held for longer than 30 days.</summary>
    public IEnumerable<HeldRecord> HeldSince(long now) => Held.Where(held => held.At >= now - s_longest);

    /// <summary>The journal with one more comparison held back. Those that are too old go, and the oldest where there is no room.</summary>
    public JournalRecord Hold(Guid id, Guid source, byte[] difference, double label, long now, int dimension)
    {
        int room = StateFormat.LargestAct(dimension);
        HeldRecord[] kept = [.. HeldSince(now).TakeLast(room - 1)];
        int free = Enumerable.Range(0, room).First(slot => !Array.Exists(kept, held => held.Slot == slot));
        return this with { Held = [.. kept, new HeldRecord(id, source, now, free, difference, label)] };
    }

    /// <summary>The journal with one more trusted source, and with nothing held back from it or for too long.</summary>
    public JournalRecord Trust(Guid source, long now) =>
        this with
        {
            Trusted = [.. Trusted.TakeLast(MostTrusted - 1), source],
            Held = [.. HeldSince(now).Where(held => held.Source != source)],
        };

    /// <summary>The journal once an act is recorded: what the act holds is held back no longer, so that it is never learned twice.</summary>
    public JournalRecord Without(SlotRecord[] act)
    {
        HeldRecord[] left = [.. Held.Where(held => !Array.Exists(act, slot => slot.RoundId == held.Id))];
        return left.Length == Held.Count ? this : this with { Held = left };
    }

    /// <summary>The document.</summary>
    public BsonDocument ToDocument()
    {
        byte[] data = new byte[DataBytes];
        BinaryPrimitives.WriteInt32LittleEndian(data, Trusted.Count);
        for (int i = 0; i < Trusted.Count; i++)
            _ = Trusted[i].TryWriteBytes(data.AsSpan(sizeof(int) + (i * GuidBytes)));
        BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(HeldAt), Held.Count);
        for (int i = 0; i < Held.Count; i++)
            Write(Held[i], data.AsSpan(HeldAt + sizeof(int) + (i * EntryBytes), EntryBytes));
        return new()
        {
            ["_id"] = Number,
            ["epoch"] = Epoch,
            ["data"] = data,
            ["sum"] = Sum(Epoch, data),
        };
    }

    /// <summary>Reads a document; null where it is damaged. The z of what is held stand in documents of their own, and are empty here.</summary>
    public static JournalRecord? Read(BsonDocument? document)
    {
        if (
            document is null
            || document["epoch"] is not { IsInt64: true } epoch
            || document["data"] is not { IsBinary: true } data
            || data.AsBinary.Length != DataBytes
            || document["sum"] is not { IsInt64: true } sum
            || Sum(epoch.AsInt64, data.AsBinary) != sum.AsInt64
        )
            return null;
        ReadOnlySpan<byte> bytes = data.AsBinary;
        var trusted = new Guid[BinaryPrimitives.ReadInt32LittleEndian(bytes)];
        for (int i = 0; i < trusted.Length; i++)
            trusted[i] = new Guid(bytes.Slice(sizeof(int) + (i * GuidBytes), GuidBytes));
        var held = new HeldRecord[BinaryPrimitives.ReadInt32LittleEndian(bytes[HeldAt..])];
        for (int i = 0; i < held.Length; i++)
            held[i] = ReadEntry(bytes.Slice(HeldAt + sizeof(int) + (i * EntryBytes), EntryBytes));
        return new JournalRecord(epoch.AsInt64, trusted, held);
    }

    private static void Write(HeldRecord held, Span<byte> to)
    {
        _ = held.Id.TryWriteBytes(to);
        _ = held.Source.TryWriteBytes(to[GuidBytes..]);
        BinaryPrimitives.WriteInt64LittleEndian(to[(2 * GuidBytes)..], held.At);
        BinaryPrimitives.WriteInt32LittleEndian(to[((2 * GuidBytes) + sizeof(long))..], held.Slot);
    }

    private static HeldRecord ReadEntry(ReadOnlySpan<byte> from) =>
        new(
            new Guid(from[..GuidBytes]),
            new Guid(from.Slice(GuidBytes, GuidBytes)),
            BinaryPrimitives.ReadInt64LittleEndian(from[(2 * GuidBytes)..]),
            BinaryPrimitives.ReadInt32LittleEndian(from[((2 * GuidBytes) + sizeof(long))..]),
            []
        );

    private static long Sum(long epoch, byte[] data) => new Checksum().Add(epoch).Add(data).Value;
}
