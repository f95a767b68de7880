namespace OnlineRlhf.Learning.Tests.Oracles;

/// <summary>Dense linear algebra in double-double, as plain as it can be written.</summary>
internal static class DenseMatrix
{
    public static DoubleDouble[][] Identity(int dimension, double scale)
    {
        DoubleDouble[][] matrix = new DoubleDouble[dimension][];
        for (int i = 0; i < dimension; i++)
        {
            matrix[i] = new DoubleDouble[dimension];
            matrix[i][i] = scale;
        }
        return matrix;
    }

    public static void AddOuter(DoubleDouble[][] matrix, DoubleDouble weight, ReadOnlySpan<float> z)
    {
        for (int i = 0; i < z.Length; i++)
        {
            DoubleDouble scaled = weight * z[i];
            for (int j = 0; j < z.Length; j++)
                matrix[i][j] += scaled * z[j];
        }
    }

    /// <summary>Solves A x = b by elimination with row pivoting.</summary>
    public static DoubleDouble[] Solve(DoubleDouble[][] matrix, ReadOnlySpan<DoubleDouble> right)
    {
        int d = matrix.Length;
        DoubleDouble[][] a = [.. matrix.Select(row => (DoubleDouble[])row.Clone())];
        DoubleDouble[] x = right.ToArray();
        for (int j = 0; j < d; j++)
        {
            int best = j;
            for (int i = j + 1; i < d; i++)
            {
                if (Math.Abs(a[i][j].High) > Math.Abs(a[best][j].High))
                    best = i;
            }
            (a[j], a[best], x[j], x[best]) = (a[best], a[j], x[best], x[j]);
            for (int i = j + 1; i < d; i++)
            {
                if (a[i][j].High == 0)
                    continue;
                DoubleDouble factor = a[i][j] / a[j][j];
                for (int k = j + 1; k < d; k++)
                    a[i][k] -= factor * a[j][k];
                x[i] -= factor * x[j];
            }
        }
        for (int j = d - 1; j >= 0; j--)
        {
            for (int k = j + 1; k < d; k++)
                x[j] -= a[j][k] * x[k];
            x[j] /= a[j][j];
        }
        return x;
    }

    public static DoubleDouble Dot(ReadOnlySpan<float> z, ReadOnlySpan<DoubleDouble> v)
    {
        DoubleDouble sum = 0;
        for (int i = 0; i < z.Length; i++)
            sum += v[i] * z[i];
        return sum;
    }

    public static DoubleDouble[] ToDoubleDouble(ReadOnlySpan<float> values)
    {
        DoubleDouble[] result = new DoubleDouble[values.Length];
        for (int i = 0; i < values.Length; i++)
            result[i] = values[i];
        return result;
    }

    /// <summary>The norm that a packed LDLᵀ factor stands for.</summary>
    public static DoubleDouble[][] FromFactor(ReadOnlySpan<double> factor, int dimension)
    {
        DoubleDouble[][] rows = Identity(dimension, 1),
            norm = Identity(dimension, 0);
        double[] pivots = new double[dimension];
        for (int j = 0, at = 0; j < dimension; at += dimension - j, j++)
        {
            pivots[j] = factor[at];
            for (int i = j + 1; i < dimension; i++)
                rows[i][j] = factor[at + i - j];
        }
        for (int i = 0; i < dimension; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                DoubleDouble sum = 0;
                for (int k = 0; k <= j; k++)
                    sum += rows[i][k] * rows[j][k] * pivots[k];
                norm[i][j] = norm[j][i] = sum;
            }
        }
        return norm;
    }

    /// <summary>max |A_ij − B_ij| / √(B_ii B_jj): free of the scale of each dimension.</summary>
    public static double ScaledError(DoubleDouble[][] actual, DoubleDouble[][] expected)
    {
        double worst = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            for (int j = 0; j < actual.Length; j++)
                worst = Math.Max(worst, Math.Abs((double)(actual[i][j] - expected[i][j])) / Math.Sqrt(expected[i][i].High * expected[j][j].High));
        }
        return worst;
    }

    /// <summary>√(vᵀ A v).</summary>
    public static double Norm(DoubleDouble[][] matrix, ReadOnlySpan<DoubleDouble> v)
    {
        DoubleDouble sum = 0;
        for (int i = 0; i < v.Length; i++)
        {
            for (int j = 0; j < v.Length; j++)
                sum += matrix[i][j] * v[i] * v[j];
        }
        return Math.Sqrt((double)sum);
    }
}
