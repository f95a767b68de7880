namespace OnlineRlhf.Learning;

/// <summary>φ(x,a) of the candidates of one request: a matrix of <see cref="Count"/> rows and <see cref="Dimension"/> columns.</summary>
public readonly ref struct CandidateFeatures
{
    private readonly ReadOnlySpan<float> _rows;

    /// <summary>Views a row-major matrix; its length must be a multiple of the dimension.</summary>
    public CandidateFeatures(ReadOnlySpan<float> rows, int dimension)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        if (rows.Length % dimension != 0)
            throw new ArgumentException($"{rows.Length} values are not whole rows of {dimension}.", nameof(rows));
        _rows = rows;
        Dimension = dimension;
    }

    /// <summary>d.</summary>
    public int Dimension { get; }

    /// <summary>n, the number of candidates.</summary>
    public int Count => Dimension == 0 ? 0 : _rows.Length / Dimension;

    /// <summary>φ of one candidate.</summary>
    public ReadOnlySpan<float> this[int candidate] => _rows.Slice(candidate * Dimension, Dimension);
}
