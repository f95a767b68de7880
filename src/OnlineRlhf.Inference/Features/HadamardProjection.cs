using System.Numerics.Tensors;

namespace OnlineRlhf.Inference.Features;

/// <summary>
/// A subsampled randomised Hadamard transform: random signs, a Walsh–Hadamard transform, and a random choice of rows. It keeps distances on average,
/// so a linear reward model can learn nearly as much as without it. O(n log n) time, O(n) memory.
/// </summary>
internal sealed class HadamardProjection
{
    private const ulong Seed = 0x5DEECE66D;
    private readonly int _padded;
    private readonly float[] _signs;
    private readonly int[] _rows;

    internal HadamardProjection(int from, int to)
    {
        _padded = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)from);
        ulong state = Seed;
        _signs = new float[from];
        for (int i = 0; i < from; i++)
            _signs[i] = (Next(ref state) & 1) == 0 ? 1 : -1;
        int[] order = [.. Enumerable.Range(0, _padded)];
        for (int i = 0; i < to; i++)
        {
            int j = i + (int)(Next(ref state) % (ulong)(_padded - i));
            (order[i], order[j]) = (order[j], order[i]);
        }
        _rows = order[..to];
    }

    internal void Project(ReadOnlySpan<float> source, Span<float> destination)
    {
        float[] values = new float[_padded];
        TensorPrimitives.Multiply(source, _signs, values);
        for (int half = 1; half < _padded; half *= 2)
        {
            for (int start = 0; start < _padded; start += 2 * half)
            {
                Span<float> low = values.AsSpan(start, half),
                    high = values.AsSpan(start + half, half);
                for (int i = 0; i < half; i++)
                    (low[i], high[i]) = (low[i] + high[i], low[i] - high[i]);
            }
        }
        // The transform scales by √padded, and the choice of rows keeps to/padded of the energy.
        float scale = 1 / MathF.Sqrt(_rows.Length);
        for (int i = 0; i < _rows.Length; i++)
            destination[i] = values[_rows[i]] * scale;
    }

    /// <summary>SplitMix64. Unlike Random, it gives the same numbers on every machine and in every version.</summary>
    private static ulong Next(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
