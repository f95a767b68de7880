using LiteDB;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Storage.Layout;

/// <summary>The names and sizes of the state file.</summary>
/// <remarks>
/// Collections: <c>meta</c> (document 0 the header, 1 and 2 the checkpoints' headers, 3 the journal), <c>ring</c> (d slots), <c>checkpoint1</c> and
/// <c>checkpoint2</c> (the checkpoints' chunks), <c>held</c> (the z of what is held back).
/// Version 1 has no journal and no <c>held</c>, and its slots and checkpoints have fewer fields.
/// A new file has all documents, and each keeps its size: so the file never grows, and a write touches the document's own pages and no others.
/// </remarks>
internal static class StateFormat
{
    /// <summary>The version that this program writes. It reads every earlier one, and carries it over when it opens the file.</summary>
    public const int Version = 2;

    /// <summary>The collection of the header and the checkpoints' headers.</summary>
    public const string Meta = "meta";

    /// <summary>The collection of the comparisons.</summary>
    public const string Ring = "ring";

    /// <summary>The collection of what is held back.</summary>
    public const string Held = "held";

    /// <summary>The most comparisons that are held back, and in one act.</summary>
    public const int MostHeld = 32;

    /// <summary>
    /// Bytes of a checkpoint in one chunk. LiteDB writes pages whole, with 8,150 bytes of content each: a chunk of this size, with the document's
    /// other fields, just fits into 8 of them. It holds whole numbers of 8 bytes.
    /// </summary>
    public const int ChunkBytes = 65_120;

    /// <summary>The collection of a checkpoint's chunks.</summary>
    public static string Chunks(int checkpoint) => checkpoint == 1 ? "checkpoint1" : "checkpoint2";

    /// <summary>Doubles in a checkpoint: θ, the average θ, and the packed factor.</summary>
    public static int StateLength(int dimension) => checked(2 * dimension + (int)((long)dimension * (dimension + 1) / 2));

    /// <summary>Chunks in a checkpoint.</summary>
    public static int ChunkCount(int dimension) => (int)((StateLength(dimension) * (long)sizeof(double) + ChunkBytes - 1) / ChunkBytes);

    /// <summary>Bytes of one chunk: <see cref="ChunkBytes"/>, the last one fewer.</summary>
    public static int ChunkLength(int dimension, int index) =>
        (int)Math.Min(ChunkBytes, StateLength(dimension) * (long)sizeof(double) - (long)index * ChunkBytes);

    /// <summary>Comparisons from one checkpoint to the next: d/2, so that the ring holds all that the older of two checkpoints needs.</summary>
    public static int Interval(int dimension) => Math.Max(1, dimension / 2);

    /// <summary>
    /// The most comparisons in one act, and places for those that are held back: half a ring at most, so that an act never overwrites itself.
    /// </summary>
    public static int LargestAct(int dimension) => Math.Min(MostHeld, Interval(dimension));

    /// <summary>
    /// Bytes of the largest transaction in LiteDB's log: a chunk of 8 pages, or an act with each of its slots on other pages, and two more of
    /// <c>meta</c>.
    /// </summary>
    public static int LargestTransaction(int dimension) =>
        8192 * Math.Max(8, 2 + (LargestAct(dimension) * (((dimension * sizeof(float)) + 200 + 8149) / 8150)));

    /// <summary>The stored hyper-parameters; null where a value is damaged.</summary>
    public static HyperParameters? HyperParametersOf(BsonValue eta, BsonValue lambda, BsonValue beta)
    {
        try
        {
            return new HyperParameters(eta.AsDouble, lambda.AsDouble, beta.AsDouble);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>The slot of the ring that a comparison is written to.</summary>
    public static int SlotOf(long sequence, int dimension) => (int)((sequence - 1) % dimension);
}
