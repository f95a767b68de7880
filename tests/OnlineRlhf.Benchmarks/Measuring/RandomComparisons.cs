using System.Numerics.Tensors;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Benchmarks.Measuring;

/// <summary>A pool of comparisons of unit norm with labels at random, made before anything is timed.</summary>
internal sealed class RandomComparisons
{
    private const int Count = 256;
    private readonly float[][] _differences;
    private readonly double[] _labels;
    private int _next;

    internal RandomComparisons(int dimension, int seed)
    {
        var random = new Random(seed);
        _differences = new float[Count][];
        _labels = new double[Count];
        for (int i = 0; i < Count; i++)
        {
            float[] z = new float[dimension];
            for (int k = 0; k < dimension; k++)
                z[k] = (float)((random.NextDouble() + random.NextDouble() + random.NextDouble()) - 1.5);
            TensorPrimitives.Divide(z, TensorPrimitives.Norm(z), z);
            (_differences[i], _labels[i]) = (z, random.Next(2));
        }
    }

    internal Comparison Next()
    {
        int i = _next++ % Count;
        return new Comparison(_differences[i], _labels[i]);
    }
}
