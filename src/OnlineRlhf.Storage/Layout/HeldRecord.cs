using LiteDB;

namespace OnlineRlhf.Storage.Layout;

/// <summary>A comparison that is held back until its source is trusted. The journal lists it; its z is a document of <c>held</c>.</summary>
/// <param name="Id">The id that it is recorded under once its source is trusted.</param>
/// <param name="Source">The key of a client; the empty one is the Unix socket.</param>
/// <param name="At">When it was held back, in Unix seconds.</param>
/// <param name="Slot">The number of its document in <c>held</c>.</param>
/// <param name="Difference">z, as a slot of the ring stores it.</param>
/// <param name="Label">y: 1, or ½ for a tie.</param>
internal sealed record HeldRecord(Guid Id, Guid Source, long At, int Slot, byte[] Difference, double Label = 1)
{
    /// <summary>The document of z. It names the comparison, so that the z of another one is never taken for it.</summary>
    public BsonDocument ToDocument() => Document(Slot, Id, Difference, Label);

    /// <summary>The document of a place where nothing is held.</summary>
    public static BsonDocument Placeholder(int slot, int dimension) => Document(slot, Guid.Empty, new byte[dimension * sizeof(float)], 1);

    /// <summary>Reads z from its document; null where it is damaged, or belongs to another comparison.</summary>
    public HeldRecord? WithDifferenceOf(BsonDocument document, int dimension)
    {
        if (
            document["round"] is not { IsGuid: true } id
            || document["y"] is not { IsDouble: true } label
            || document["z"] is not { IsBinary: true } difference
            || document["sum"] is not { IsInt64: true } sum
            || id.AsGuid != Id
            || Sum(Slot, Id, difference.AsBinary, label.AsDouble) != sum.AsInt64
        )
            return null;
        HeldRecord read = this with { Difference = difference.AsBinary, Label = label.AsDouble };
        return ComparisonLimits.Problem(read.ToSlot(0).ToComparison(), dimension) is null ? read : null;
    }

    /// <summary>The slot of the ring that it becomes.</summary>
    public SlotRecord ToSlot(long sequence) => new(sequence, Id, Label, Difference) { Kind = ComparisonKind.Talk };

    private static BsonDocument Document(int slot, Guid id, byte[] difference, double label) =>
        new()
        {
            ["_id"] = slot,
            ["round"] = id,
            ["y"] = label,
            ["z"] = difference,
            ["sum"] = Sum(slot, id, difference, label),
        };

    private static long Sum(int slot, Guid id, byte[] difference, double label) => new Checksum().Add(slot).Add(id).Add(difference).Add(label).Value;
}
