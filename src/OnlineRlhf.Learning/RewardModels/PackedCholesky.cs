using System.Numerics;
using System.Runtime.InteropServices;

namespace OnlineRlhf.Learning.RewardModels;

/// <summary>
/// The local norm as a square-root-free Cholesky factor, 𝓗 = LDLᵀ with L unit lower triangular and D diagonal, packed by columns:
/// column j holds D_j and then L's rows j + 1 to d − 1, d(d+1)/2 doubles in all.
/// </summary>
/// <remarks>
/// Without square roots an update costs one multiplication less for each entry, and a solve has no chain of divisions.
/// Both passes take four columns at a time, so that they load and store the other vectors once for four columns.
/// The code uses <see cref="Vector{T}"/>, which Native AOT compiles for its baseline processor. Wider explicit vectors would run in software there.
/// Update: method C1 of Gill, Golub, Murray and Saunders, "Methods for modifying matrix factorizations", Mathematics of Computation 28 (1974),
/// with the columns in the reverse order.
/// </remarks>
internal sealed class PackedCholesky
{
    private const int Block = 4;
    private readonly double[] _values,
        _tail,
        _gains;
    private readonly int _dimension;

    /// <summary>Starts at 𝓗 = λI.</summary>
    public PackedCholesky(int dimension, double regularization)
    {
        _dimension = dimension;
        _values = new double[(int)((long)dimension * (dimension + 1) / 2)];
        _tail = new double[dimension];
        _gains = new double[dimension];
        for (int j = 0, at = 0; j < dimension; at += dimension - j, j++)
            _values[at] = regularization;
    }

    /// <summary>D and L, packed.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>Replaces v by x = L⁻¹v and returns xᵀD⁻¹x = vᵀ𝓗⁻¹v. O(d²), reads the factor once.</summary>
    public double SolveForward(Span<double> v)
    {
        int j = 0,
            at = 0;
        double sum = 0;
        for (; j + Block <= _dimension; j += Block)
        {
            Columns four = new(at, _dimension - j);
            Span<double> l = _values.AsSpan(at, four.Next - at);
            int c1 = four.Column1 - at,
                c2 = four.Column2 - at,
                c3 = four.Column3 - at;
            double x0 = v[j],
                x1 = v[j + 1] - l[1] * x0;
            double x2 = v[j + 2] - l[2] * x0 - l[c1 + 1] * x1,
                x3 = v[j + 3] - l[3] * x0 - l[c1 + 2] * x1 - l[c2 + 1] * x2;
            (v[j + 1], v[j + 2], v[j + 3]) = (x1, x2, x3);
            sum += x0 * (x0 / l[0]) + x1 * (x1 / l[c1]) + x2 * (x2 / l[c2]) + x3 * (x3 / l[c3]);
            if (j + Block < _dimension)
                Eliminate(four, v[(j + Block)..], x0, x1, x2, x3);
            at = four.Next;
        }
        for (; j < _dimension; at += _dimension - j, j++)
        {
            double x = v[j];
            sum += x * (x / _values[at]);
            for (int i = j + 1; i < _dimension; i++)
                v[i] -= _values[at + i - j] * x;
        }
        return sum;
    }

    /// <summary>Given x = L⁻¹z, writes u = L⁻ᵀD⁻¹x = 𝓗⁻¹z and makes the factor that of 𝓗 + w zzᵀ. O(d²), reads and writes the factor once.</summary>
    /// <remarks>
    /// 𝓗 + w zzᵀ = L (D + w xxᵀ) Lᵀ. With τ_j = 1 + w Σ_{k≤j} x_k²/D_k, D_j becomes D_j + w x_j²/τ_{j−1} and column j becomes L_j + w x_j/(D_j τ_j)
    /// s, where s = Σ_{i>j} x_i L_i is summed while the pass goes from the last column to the first.
    /// The backward solve needs the old columns in that same order.
    /// Neither τ nor D subtracts anything: each pivot only grows, also in floating point.
    /// </remarks>
    public void SolveBackwardAndUpdate(ReadOnlySpan<double> x, double weight, Span<double> u)
    {
        PreparePivots(x, weight, u);
        Array.Clear(_tail);
        int j = _dimension,
            at = _values.Length;
        while (j % Block != 0)
        {
            j--;
            at -= _dimension - j;
            u[j] -= UpdateColumn(at, j, _dimension, x[j], u);
        }
        while (j > 0)
        {
            j -= Block;
            at -= Block * (_dimension - j) - Block * (Block - 1) / 2;
            Columns four = new(at, _dimension - j);
            int end = j + Block;
            if (end < _dimension)
                UpdateBelow(four, j, x.Slice(j, Block), u);
            u[j + 3] -= UpdateColumn(four.Column3, j + 3, end, x[j + 3], u);
            u[j + 2] -= UpdateColumn(four.Column2, j + 2, end, x[j + 2], u);
            u[j + 1] -= UpdateColumn(four.Column1, j + 1, end, x[j + 1], u);
            u[j] -= UpdateColumn(four.Column0, j, end, x[j], u);
        }
    }

    /// <summary>Replaces the factor by a checked one.</summary>
    public void Restore(ReadOnlySpan<double> values) => values.CopyTo(_values);

    /// <summary>Makes the factor that of 𝓗 + shift·I. O(d³).</summary>
    /// <returns>False where 𝓗 + shift·I is not positive definite: the factor is then of no use any more.</returns>
    public bool TryShift(double shift)
    {
        double[] norm = new double[_values.Length];
        for (int k = 0, at = 0; k < _dimension; at += _dimension - k, k++)
        {
            Span<double> column = _values.AsSpan(at, _dimension - k);
            double pivot = column[0];
            column[0] = 1;
            AddOuter(norm.AsSpan(at), column, pivot);
            norm[at] += shift;
        }
        for (int k = 0, at = 0; k < _dimension; at += _dimension - k, k++)
        {
            Span<double> column = norm.AsSpan(at, _dimension - k),
                below = column[1..];
            double pivot = column[0];
            if (!(pivot > 0 && double.IsFinite(pivot)))
                return false;
            for (int i = 0; i < below.Length; i++)
                below[i] /= pivot;
            AddOuter(norm.AsSpan(at + column.Length), below, -pivot);
        }
        norm.CopyTo(_values.AsSpan());
        return true;
    }

    /// <summary>Adds w vvᵀ to a packed symmetric matrix that begins at v's first row.</summary>
    private static void AddOuter(Span<double> packed, ReadOnlySpan<double> v, double weight)
    {
        for (int j = 0, at = 0; j < v.Length; at += v.Length - j, j++)
        {
            double scaled = weight * v[j];
            Span<double> column = packed.Slice(at, v.Length - j);
            ReadOnlySpan<double> rows = v[j..];
            int width = Vector<double>.Count,
                i = 0;
            for (; i + width <= rows.Length; i += width)
                (new Vector<double>(column[i..]) + new Vector<double>(rows[i..]) * scaled).CopyTo(column[i..]);
            for (; i < rows.Length; i++)
                column[i] += rows[i] * scaled;
        }
    }

    /// <summary>Turns the pivots into those of the new factor, and writes D⁻¹x and each column's gain w x_j/(D_j τ_j).</summary>
    private void PreparePivots(ReadOnlySpan<double> x, double weight, Span<double> u)
    {
        double tau = 1,
            inverse = 1;
        for (int j = 0, at = 0; j < _dimension; at += _dimension - j, j++)
        {
            ref double pivot = ref _values[at];
            double ratio = x[j] / pivot,
                scaled = weight * x[j];
            pivot += scaled * x[j] * inverse;
            tau += scaled * ratio;
            inverse = 1 / tau;
            u[j] = ratio;
            _gains[j] = weight * ratio * inverse;
        }
    }

    /// <summary>Subtracts four columns' share from the residual below them.</summary>
    private void Eliminate(Columns four, Span<double> residual, double x0, double x1, double x2, double x3)
    {
        nuint width = (nuint)Vector<double>.Count,
            whole = (nuint)residual.Length / width * width;
        ref double l0 = ref _values[four.Below0],
            l1 = ref _values[four.Below1],
            l2 = ref _values[four.Below2],
            l3 = ref _values[four.Below3];
        ref double rest = ref MemoryMarshal.GetReference(residual);
        Vector<double> v0 = new(x0),
            v1 = new(x1),
            v2 = new(x2),
            v3 = new(x3);
        for (nuint i = 0; i < whole; i += width)
        {
            Vector<double> sum = Vector.LoadUnsafe(ref l0, i) * v0 + Vector.LoadUnsafe(ref l1, i) * v1;
            sum += Vector.LoadUnsafe(ref l2, i) * v2 + Vector.LoadUnsafe(ref l3, i) * v3;
            (Vector.LoadUnsafe(ref rest, i) - sum).StoreUnsafe(ref rest, i);
        }
        for (int k = (int)whole; k < residual.Length; k++)
        {
            double left = _values[four.Below0 + k] * x0 + _values[four.Below1 + k] * x1;
            double right = _values[four.Below2 + k] * x2 + _values[four.Below3 + k] * x3;
            residual[k] -= left + right;
        }
    }

    /// <summary>Turns the rows below four columns' diagonal into those of the new factor, and subtracts the old rows' share from u.</summary>
    private void UpdateBelow(Columns four, int j, ReadOnlySpan<double> x, Span<double> u)
    {
        Span<double> tail = _tail.AsSpan(j + Block),
            below = u[(j + Block)..];
        nuint width = (nuint)Vector<double>.Count,
            whole = (nuint)tail.Length / width * width;
        ref double l0 = ref _values[four.Below0],
            l1 = ref _values[four.Below1],
            l2 = ref _values[four.Below2],
            l3 = ref _values[four.Below3];
        ref double sum = ref MemoryMarshal.GetReference(tail),
            solved = ref MemoryMarshal.GetReference(below);
        Vector<double> x0 = new(x[0]),
            x1 = new(x[1]),
            x2 = new(x[2]),
            x3 = new(x[3]);
        Vector<double> gain0 = new(_gains[j]),
            gain1 = new(_gains[j + 1]),
            gain2 = new(_gains[j + 2]),
            gain3 = new(_gains[j + 3]);
        Vector<double> dot0 = default,
            dot1 = default,
            dot2 = default,
            dot3 = default;
        for (nuint i = 0; i < whole; i += width)
        {
            Vector<double> s = Vector.LoadUnsafe(ref sum, i),
                right = Vector.LoadUnsafe(ref solved, i);
            Vector<double> old = Vector.LoadUnsafe(ref l3, i);
            (s * gain3 + old).StoreUnsafe(ref l3, i);
            s += old * x3;
            dot3 += old * right;
            old = Vector.LoadUnsafe(ref l2, i);
            (s * gain2 + old).StoreUnsafe(ref l2, i);
            s += old * x2;
            dot2 += old * right;
            old = Vector.LoadUnsafe(ref l1, i);
            (s * gain1 + old).StoreUnsafe(ref l1, i);
            s += old * x1;
            dot1 += old * right;
            old = Vector.LoadUnsafe(ref l0, i);
            (s * gain0 + old).StoreUnsafe(ref l0, i);
            s += old * x0;
            dot0 += old * right;
            s.StoreUnsafe(ref sum, i);
        }
        u[j] -= Vector.Sum(dot0);
        u[j + 1] -= Vector.Sum(dot1);
        u[j + 2] -= Vector.Sum(dot2);
        u[j + 3] -= Vector.Sum(dot3);
        for (int k = (int)whole; k < tail.Length; k++)
        {
            u[j + 3] -= UpdateEntry(ref _values[four.Below3 + k], ref tail[k], x[3], _gains[j + 3]) * below[k];
            u[j + 2] -= UpdateEntry(ref _values[four.Below2 + k], ref tail[k], x[2], _gains[j + 2]) * below[k];
            u[j + 1] -= UpdateEntry(ref _values[four.Below1 + k], ref tail[k], x[1], _gains[j + 1]) * below[k];
            u[j] -= UpdateEntry(ref _values[four.Below0 + k], ref tail[k], x[0], _gains[j]) * below[k];
        }
    }

    /// <summary>Turns one column's rows, from below its diagonal up to <paramref name="end"/>, into those of the new factor.</summary>
    /// <returns>The old rows' product with u.</returns>
    private double UpdateColumn(int at, int column, int end, double x, ReadOnlySpan<double> u)
    {
        double dot = 0,
            gain = _gains[column];
        for (int i = column + 1; i < end; i++)
            dot += UpdateEntry(ref _values[at + i - column], ref _tail[i], x, gain) * u[i];
        _tail[column] = x;
        return dot;
    }

    /// <summary>Turns one entry into that of the new factor, adds the old entry's share to the sum s, and returns the old entry.</summary>
    private static double UpdateEntry(ref double value, ref double sum, double x, double gain)
    {
        double old = value;
        value = gain * sum + old;
        sum += x * old;
        return old;
    }

    /// <summary>Where four neighbouring packed columns lie, and their first entries below the four rows on the diagonal.</summary>
    private readonly struct Columns(int at, int height)
    {
        public int Column0 => at;
        public int Column1 => at + height;
        public int Column2 => at + 2 * height - 1;
        public int Column3 => at + 3 * height - 3;
        public int Next => at + 4 * height - 6;
        public int Below0 => Column0 + 4;
        public int Below1 => Column1 + 3;
        public int Below2 => Column2 + 2;
        public int Below3 => Column3 + 1;
    }
}
