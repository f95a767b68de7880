using LiteDB;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Storage.Layout;

/// <summary>The names and sizes of the state file.</summary>
/// <remarks>
/// Collections: <c>meta</c> (document 0 the header, 1 and 2 the checkpoints' headers), <c>ring</c> (d slots), <c>checkpoint1</c> and
/// <c>checkpoint2</c> (the checkpoints' chunks).
/// A new file has all documents, and each keeps its size: so the file never grows, and a write touches the document's own pages and no others.
/// </remarks>
internal static class StateFormat
{
    /// <summary>The version this program reads and writes.</summary>
    public const int Version = 1;

    /// <summary>The collection of the header and the checkpoints' headers.</summary>
    public const string Meta = "meta";

    /// <summary>The collection of the comparisons.</summary>
    public const string Ring = "ring";

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

    /// <summary>Bytes of the largest transaction in LiteDB's log: a chunk of 8 pages, or a slot where one is larger.</summary>
    public static int LargestTransaction(int dimension) => 8192 * Math.Max(8, ((dimension * sizeof(float)) + 200 + 8149) / 8150);

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
