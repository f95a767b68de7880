using System.Numerics;
using System.Runtime.InteropServices;

namespace OnlineRlhf.Learning.RewardModels;

/// <summary>
/// A lower-triangular factor L of the local norm, 𝓗 = LLᵀ, packed by columns: column j holds rows j to d − 1, d(d+1)/2 doubles in all.
/// </summary>
/// <remarks>
/// Both passes run over four columns at a time, so that a vector beside the factor is loaded and stored once in four columns.
/// The vectors are <see cref="Vector{T}"/>, which Native AOT compiles for its baseline; wider explicit vectors run in software there.
/// </remarks>
internal sealed class PackedCholesky
{
    private const int Block = 4;
    private readonly double[] _values, _combination, _scales, _mixes;
    private readonly int _dimension;

    /// <summary>Starts at 𝓗 = λI.</summary>
    public PackedCholesky(int dimension, double regularization)
    {
        _dimension = dimension;
        _values = new double[(int)((long)dimension * (dimension + 1) / 2)];
        _combination = new double[dimension];
        _scales = new double[dimension];
        _mixes = new double[dimension];
        double root = Math.Sqrt(regularization);
        for (int j = 0, at = 0; j < dimension; at += dimension - j, j++)
            _values[at] = root;
        Trace = dimension * regularization;
    }

    /// <summary>L, packed.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>tr 𝓗, which bounds every entry of L.</summary>
    public double Trace { get; private set; }

    /// <summary>Replaces v by x = L⁻¹v and returns xᵀx = vᵀ𝓗⁻¹v. O(d²), reads the factor once.</summary>
    public double SolveForward(Span<double> v)
    {
        int j = 0, at = 0;
        double sum = 0;
        for (; j + Block <= _dimension; j += Block)
        {
            Columns four = new(at, _dimension - j);
            Span<double> l = _values.AsSpan();
            double x0 = v[j] / l[four.Diagonal0];
            double x1 = (v[j + 1] - l[four.Diagonal0 + 1] * x0) / l[four.Diagonal1];
            double x2 = (v[j + 2] - l[four.Diagonal0 + 2] * x0 - l[four.Diagonal1 + 1] * x1) / l[four.Diagonal2];
            double x3 = (v[j + 3] - l[four.Diagonal0 + 3] * x0 - l[four.Diagonal1 + 2] * x1 - l[four.Diagonal2 + 1] * x2) / l[four.Diagonal3];
            (v[j], v[j + 1], v[j + 2], v[j + 3]) = (x0, x1, x2, x3);
            sum += x0 * x0 + x1 * x1 + x2 * x2 + x3 * x3;
            if (j + Block < _dimension)
                Eliminate(four, v[(j + Block)..], x0, x1, x2, x3);
            at = four.Next;
        }
        for (; j < _dimension; at += _dimension - j, j++)
        {
            double x = v[j] / _values[at];
            v[j] = x;
            sum += x * x;
            for (int i = j + 1; i < _dimension; i++)
                v[i] -= _values[at + i - j] * x;
        }
        return sum;
    }

    /// <summary>
    /// Given x = L⁻¹z, writes u = L⁻ᵀx = 𝓗⁻¹z and makes the factor that of 𝓗 + w zzᵀ. O(d²), reads and writes the factor once.
    /// </summary>
    /// <remarks>
    /// 𝓗 + w zzᵀ = L (I + w xxᵀ) Lᵀ, and I + w xxᵀ = CCᵀ with τ_j = 1 + w Σ_{k≤j} x_k², C_jj = √(τ_j/τ_{j−1}), C_ij = w x_i x_j/√(τ_j τ_{j−1}).
    /// So L′ = LC: column j becomes C_jj L_j + w x_j/√(τ_j τ_{j−1}) s with s = Σ_{i>j} x_i L_i, summed as the columns are passed from the last to the first;
    /// the backward solve needs the old columns in that same order. Nothing is subtracted in τ: each pivot only grows, also in floating point.
    /// </remarks>
    public void SolveBackwardAndUpdate(ReadOnlySpan<double> x, double squaredNorm, double weight, Span<double> u)
    {
        double prefix = 0, before = 1;
        for (int k = 0; k < _dimension; k++)
        {
            prefix += x[k] * x[k];
            double root = Math.Sqrt(1 + weight * prefix);
            _scales[k] = root / before;
            _mixes[k] = weight * x[k] / (root * before);
            before = root;
        }
        Array.Clear(_combination);
        int j = _dimension, at = _values.Length;
        while (j % Block != 0)
        {
            j--;
            at -= _dimension - j;
            double dot = 0;
            for (int i = j + 1; i < _dimension; i++)
                dot += _values[at + i - j] * u[i];
            u[j] = (x[j] - dot) / _values[at];
            Turn(at, j, _dimension, x);
        }
        while (j > 0)
        {
            j -= Block;
            at -= Block * (_dimension - j) - Block * (Block - 1) / 2;
            Columns four = new(at, _dimension - j);
            Span<double> l = _values.AsSpan();
            (double s0, double s1, double s2, double s3) = TurnBelow(four, j, x, u[(j + Block)..]);
            double u3 = (x[j + 3] - s3) / l[four.Diagonal3];
            double u2 = (x[j + 2] - s2 - l[four.Diagonal2 + 1] * u3) / l[four.Diagonal2];
            double u1 = (x[j + 1] - s1 - l[four.Diagonal1 + 1] * u2 - l[four.Diagonal1 + 2] * u3) / l[four.Diagonal1];
            double u0 = (x[j] - s0 - l[four.Diagonal0 + 1] * u1 - l[four.Diagonal0 + 2] * u2 - l[four.Diagonal0 + 3] * u3) / l[four.Diagonal0];
            (u[j], u[j + 1], u[j + 2], u[j + 3]) = (u0, u1, u2, u3);
            int end = j + Block;
            Turn(four.Diagonal3, j + 3, end, x);
            Turn(four.Diagonal2, j + 2, end, x);
            Turn(four.Diagonal1, j + 1, end, x);
            Turn(four.Diagonal0, j, end, x);
        }
        Trace += weight * squaredNorm;
    }

    /// <summary>Replaces the factor by a checked one.</summary>
    public void Restore(ReadOnlySpan<double> values, double trace)
    {
        values.CopyTo(_values);
        Trace = trace;
    }

    private Rotation Rotate(int column, ReadOnlySpan<double> x) => new(x[column], _scales[column], _mixes[column]);

    /// <summary>Takes the rows of one column from its diagonal to <paramref name="end"/> to the new factor.</summary>
    private void Turn(int at, int column, int end, ReadOnlySpan<double> x)
    {
        Rotation rotation = Rotate(column, x);
        for (int i = column; i < end; i++)
            rotation.Turn(ref _values[at + i - column], ref _combination[i]);
    }

    /// <summary>Takes four columns' share out of the residual below them.</summary>
    private void Eliminate(Columns four, Span<double> residual, double x0, double x1, double x2, double x3)
    {
        int width = Vector<double>.Count, whole = residual.Length - residual.Length % width;
        ref double l0 = ref _values[four.Below0], l1 = ref _values[four.Below1], l2 = ref _values[four.Below2], l3 = ref _values[four.Below3];
        ref double rest = ref MemoryMarshal.GetReference(residual);
        Vector<double> v0 = new(x0), v1 = new(x1), v2 = new(x2), v3 = new(x3);
        nuint i = 0;
        for (; i < (nuint)whole; i += (nuint)width)
        {
            Vector<double> sum = Vector.LoadUnsafe(ref l0, i) * v0 + Vector.LoadUnsafe(ref l1, i) * v1;
            sum += Vector.LoadUnsafe(ref l2, i) * v2 + Vector.LoadUnsafe(ref l3, i) * v3;
            (Vector.LoadUnsafe(ref rest, i) - sum).StoreUnsafe(ref rest, i);
        }
        for (int k = whole; k < residual.Length; k++)
            residual[k] -= _values[four.Below0 + k] * x0 + _values[four.Below1 + k] * x1 + (_values[four.Below2 + k] * x2 + _values[four.Below3 + k] * x3);
    }

    /// <summary>Takes the rows below four columns to the new factor and returns the old columns' products with u.</summary>
    private (double, double, double, double) TurnBelow(Columns four, int j, ReadOnlySpan<double> x, ReadOnlySpan<double> u)
    {
        Span<double> combination = _combination.AsSpan(j + Block);
        int width = Vector<double>.Count, whole = combination.Length - combination.Length % width;
        if (combination.IsEmpty)
            return default;
        Rotation r0 = Rotate(j, x), r1 = Rotate(j + 1, x), r2 = Rotate(j + 2, x), r3 = Rotate(j + 3, x);
        ref double l0 = ref _values[four.Below0], l1 = ref _values[four.Below1], l2 = ref _values[four.Below2], l3 = ref _values[four.Below3];
        ref double sum = ref MemoryMarshal.GetReference(combination), solved = ref MemoryMarshal.GetReference(u);
        Vector<double> x0 = new(r0.X), x1 = new(r1.X), x2 = new(r2.X), x3 = new(r3.X);
        Vector<double> scale0 = new(r0.Scale), scale1 = new(r1.Scale), scale2 = new(r2.Scale), scale3 = new(r3.Scale);
        Vector<double> mix0 = new(r0.Mix), mix1 = new(r1.Mix), mix2 = new(r2.Mix), mix3 = new(r3.Mix);
        Vector<double> dot0 = default, dot1 = default, dot2 = default, dot3 = default;
        for (nuint i = 0; i < (nuint)whole; i += (nuint)width)
        {
            Vector<double> s = Vector.LoadUnsafe(ref sum, i), right = Vector.LoadUnsafe(ref solved, i);
            Vector<double> old = Vector.LoadUnsafe(ref l3, i);
            (scale3 * old + mix3 * s).StoreUnsafe(ref l3, i);
            s += x3 * old;
            dot3 += old * right;
            old = Vector.LoadUnsafe(ref l2, i);
            (scale2 * old + mix2 * s).StoreUnsafe(ref l2, i);
            s += x2 * old;
            dot2 += old * right;
            old = Vector.LoadUnsafe(ref l1, i);
            (scale1 * old + mix1 * s).StoreUnsafe(ref l1, i);
            s += x1 * old;
            dot1 += old * right;
            old = Vector.LoadUnsafe(ref l0, i);
            (scale0 * old + mix0 * s).StoreUnsafe(ref l0, i);
            s += x0 * old;
            dot0 += old * right;
            s.StoreUnsafe(ref sum, i);
        }
        double d0 = Vector.Sum(dot0), d1 = Vector.Sum(dot1), d2 = Vector.Sum(dot2), d3 = Vector.Sum(dot3);
        for (int k = whole; k < combination.Length; k++)
        {
            d3 += r3.Turn(ref _values[four.Below3 + k], ref combination[k]) * u[k];
            d2 += r2.Turn(ref _values[four.Below2 + k], ref combination[k]) * u[k];
            d1 += r1.Turn(ref _values[four.Below1 + k], ref combination[k]) * u[k];
            d0 += r0.Turn(ref _values[four.Below0 + k], ref combination[k]) * u[k];
        }
        return (d0, d1, d2, d3);
    }

    /// <summary>What the update does to each entry of one column: to √(τ_j/τ_{j−1}) L_ij + w x_j/√(τ_j τ_{j−1}) s_i.</summary>
    private readonly struct Rotation(double x, double scale, double mix)
    {
        public double X => x;
        public double Scale => scale;
        public double Mix => mix;

        /// <summary>Takes one entry to the new factor, adds the old one's share to the sum, and returns the old one.</summary>
        public double Turn(ref double value, ref double sum)
        {
            double old = value;
            value = scale * old + mix * sum;
            sum += x * old;
            return old;
        }
    }

    /// <summary>Where four neighbouring packed columns lie: their diagonal entries and their first entries below the four-row triangle.</summary>
    private readonly struct Columns(int at, int height)
    {
        public int Diagonal0 => at;
        public int Diagonal1 => at + height;
        public int Diagonal2 => at + 2 * height - 1;
        public int Diagonal3 => at + 3 * height - 3;
        public int Next => at + 4 * height - 6;
        public int Below0 => Diagonal0 + 4;
        public int Below1 => Diagonal1 + 3;
        public int Below2 => Diagonal2 + 2;
        public int Below3 => Diagonal3 + 1;
    }
}
