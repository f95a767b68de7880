using System.Runtime.InteropServices;
using LiteDB;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Storage.Layout;

/// <summary>One slot of the ring: a comparison, or nothing yet, or the hole that a damaged comparison left.</summary>
/// <param name="Sequence">The comparison's number from 1; 0 where the slot was never used.</param>
/// <param name="RoundId">The round the feedback was given to.</param>
/// <param name="Label">y; −1 marks a hole.</param>
/// <param name="Difference">z, float32, little endian.</param>
internal sealed record SlotRecord(long Sequence, Guid RoundId, double Label, byte[] Difference)
{
    private const double HoleLabel = -1;

    /// <summary>How the comparison came about.</summary>
    public ComparisonKind Kind { get; init; }

    /// <summary>The number of the first comparison of the act that this one belongs to.</summary>
    public long Act { get; init; } = Sequence;

    /// <summary>The journal's epoch when it was recorded.</summary>
    public long Epoch { get; init; }

    /// <summary>When the CUSUM raised its alarm at this comparison, in Unix seconds; 0 where it did not.</summary>
    public long Reset { get; init; }

    /// <summary>Whether the comparison of this number was damaged and is gone: nothing can be replayed or answered from it.</summary>
    public bool IsHole => Label == HoleLabel;

    /// <summary>Whether nothing was ever written here.</summary>
    public bool IsEmpty => Sequence == 0;

    /// <summary>The comparison without z.</summary>
    public RecordedComparison Recorded => new(RoundId, Sequence, Label, Kind);

    /// <summary>The record for a comparison that is gone; with the number 0, for a slot that was never used.</summary>
    public static SlotRecord Placeholder(long sequence, int dimension) =>
        new(sequence, Guid.Empty, sequence == 0 ? 0 : HoleLabel, new byte[dimension * sizeof(float)]);

    /// <summary>z as the bytes that are stored, little endian on every machine.</summary>
    public static byte[] Bytes(ReadOnlySpan<float> difference)
    {
        byte[] bytes = MemoryMarshal.AsBytes(difference).ToArray();
        if (!BitConverter.IsLittleEndian)
            SwapEach(bytes, sizeof(float));
        return bytes;
    }

    /// <summary>The comparison to learn from.</summary>
    public Comparison ToComparison()
    {
        byte[] bytes = Difference;
        if (!BitConverter.IsLittleEndian)
            SwapEach(bytes = [.. bytes], sizeof(float));
        return new Comparison(MemoryMarshal.Cast<byte, float>(bytes), Label);
    }

    /// <summary>The document; 0-based slot number as its key.</summary>
    public BsonDocument ToDocument(int slot) =>
        new()
        {
            ["_id"] = slot,
            ["sequence"] = Sequence,
            ["round"] = RoundId,
            ["y"] = Label,
            ["kind"] = (int)Kind,
            ["act"] = Act,
            ["epoch"] = Epoch,
            ["reset"] = Reset,
            ["z"] = Difference,
            ["sum"] = Sum(StateFormat.Version),
        };

    /// <summary>Reads a document of a version; null, and the reason, where it is damaged or cannot be learned.</summary>
    public static SlotRecord? Read(BsonDocument document, int dimension, int version, out string? problem)
    {
        problem = "has fields of the wrong kind";
        if (
            document["sequence"] is not { IsInt64: true } sequence
            || document["round"] is not { IsGuid: true } round
            || document["y"] is not { IsDouble: true } label
            || document["z"] is not { IsBinary: true } difference
            || document["sum"] is not { IsInt64: true } sum
        )
            return null;
        var slot = new SlotRecord(sequence.AsInt64, round.AsGuid, label.AsDouble, difference.AsBinary);
        if (version > 1)
        {
            if (
                document["kind"] is not { IsInt32: true } kind
                || document["act"] is not { IsInt64: true } act
                || document["epoch"] is not { IsInt64: true } epoch
                || document["reset"] is not { IsInt64: true } reset
            )
                return null;
            slot = slot with { Kind = (ComparisonKind)kind.AsInt32, Act = act.AsInt64, Epoch = epoch.AsInt64, Reset = reset.AsInt64 };
        }
        problem =
            slot.Difference.Length != dimension * sizeof(float) ? $"holds {slot.Difference.Length / sizeof(float)} values instead of {dimension}"
            : slot.Sum(version) != sum.AsInt64 ? "has a wrong checksum"
            : slot.Sequence < 0 ? "has a negative number"
            : slot.IsHole || slot.IsEmpty ? null
            : ComparisonLimits.Problem(slot.ToComparison(), dimension);
        return problem is null ? slot : null;
    }

    private static void SwapEach(byte[] bytes, int size)
    {
        for (int at = 0; at < bytes.Length; at += size)
            Array.Reverse(bytes, at, size);
    }

    private long Sum(int version)
    {
        Checksum sum = new Checksum().Add(Sequence).Add(RoundId).Add(Label).Add(Difference);
        return version == 1 ? sum.Value : sum.Add((int)Kind).Add(Act).Add(Epoch).Add(Reset).Value;
    }
}
