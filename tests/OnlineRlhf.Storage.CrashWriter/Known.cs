using OnlineRlhf.Learning;

namespace OnlineRlhf.Storage.CrashWriter;

/// <summary>Comparisons that the child process and the test make alike, from a seed and their number.</summary>
public static class Known
{
    /// <summary>z of one comparison, about 1/√d an element.</summary>
    public static float[] Difference(int seed, long sequence, int dimension)
    {
        var random = new Random(HashCode(seed, sequence));
        float[] difference = new float[dimension];
        float scale = 2 / MathF.Sqrt(dimension);
        for (int i = 0; i < dimension; i++)
            difference[i] = (random.NextSingle() - random.NextSingle()) * scale;
        return difference;
    }

    /// <summary>y of one comparison.</summary>
    public static double Label(int seed, long sequence, bool mixed = false) =>
        Kind(sequence, mixed) == ComparisonKind.Talk ? 1 : Label(seed, sequence);

    /// <summary>How one comparison comes about: all are presses, or five in a row are a word, a brought one, a press and two of talk.</summary>
    public static ComparisonKind Kind(long sequence, bool mixed) =>
        !mixed
            ? ComparisonKind.Press
            : (sequence % 5) switch
            {
                1 => ComparisonKind.Word,
                2 => ComparisonKind.Brought,
                3 => ComparisonKind.Press,
                _ => ComparisonKind.Talk,
            };

    private static double Label(int seed, long sequence) =>
        (HashCode(seed, sequence) & 3) switch
        {
            0 => 0.5,
            1 => 0,
            _ => 1,
        };

    /// <summary>The round of one comparison.</summary>
    public static Guid Round(int seed, long sequence) => new(seed, 0, 0, BitConverter.GetBytes(sequence));

    /// <summary>A state's identity.</summary>
    public static StateIdentity Identity(int dimension) => new("model-a", "map-a", dimension);

    /// <summary>One comparison, for a learner in memory.</summary>
    public static Comparison Comparison(int seed, long sequence, int dimension, bool mixed = false) =>
        new(Difference(seed, sequence, dimension), Label(seed, sequence, mixed));

    private static int HashCode(int seed, long sequence) => unchecked((int)((((ulong)seed << 40) ^ (ulong)sequence) * 0x9E3779B97F4A7C15 >> 33));
}
