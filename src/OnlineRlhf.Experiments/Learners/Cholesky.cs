using System.Numerics.Tensors;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>LLᵀ of a positive definite matrix whose lower triangle is packed by rows. O(d³).</summary>
internal sealed class Cholesky
{
    private readonly double[] _factor;
    private readonly int _dimension;

    /// <exception cref="ArgumentException">The matrix is not positive definite.</exception>
    internal Cholesky(double[] lower, int dimension)
    {
        _factor = lower;
        _dimension = dimension;
        for (int i = 0; i < dimension; i++)
        {
            Span<double> row = Row(i);
            for (int j = 0; j < i; j++)
                row[j] = (row[j] - TensorPrimitives.Dot(row[..j], Row(j)[..j])) / Row(j)[j];
            double pivot = row[i] - TensorPrimitives.SumOfSquares(row[..i]);
            if (!(pivot > 0))
                throw new ArgumentException($"The pivot of row {i} is {pivot}: the matrix is not positive definite.", nameof(lower));
            row[i] = Math.Sqrt(pivot);
        }
    }

    /// <summary>Replaces v by L⁻¹v and returns its squared length.</summary>
    internal double SolveForward(double[] v)
    {
        double sum = 0;
        for (int i = 0; i < _dimension; i++)
        {
            Span<double> row = Row(i);
            v[i] = (v[i] - TensorPrimitives.Dot(row[..i], v.AsSpan(0, i))) / row[i];
            sum += v[i] * v[i];
        }
        return sum;
    }

    /// <summary>Replaces v by A⁻¹v.</summary>
    internal void Solve(double[] v)
    {
        _ = SolveForward(v);
        for (int i = _dimension - 1; i >= 0; i--)
        {
            Span<double> row = Row(i);
            v[i] /= row[i];
            TensorPrimitives.MultiplyAdd(row[..i], -v[i], v.AsSpan(0, i), v.AsSpan(0, i));
        }
    }

    private Span<double> Row(int i) => _factor.AsSpan(i * (i + 1) / 2, i + 1);
}
