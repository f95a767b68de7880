using System.Numerics.Tensors;

namespace OnlineRlhf.Learning.RewardModels;

/// <summary>
/// A linear Bradley–Terry reward model learned by one-pass online mirror descent in a local norm, with the norm kept exactly.
/// </summary>
/// <remarks>
/// θ ← θ − η 𝓗̃⁻¹ (σ(zᵀθ) − y) z with 𝓗̃ = 𝓗 + η σ̇ z zᵀ, then 𝓗 ← 𝓗 + σ̇(zᵀθ⁺) z zᵀ at the new θ (the look-ahead point).
/// Source: "Provably Efficient Online RLHF with One-Pass Reward Modeling", NeurIPS 2025, arXiv 2502.07193. The paper's projection onto a ball is left out.
/// 𝓗 is held as a packed Cholesky factor L, 𝓗 = LLᵀ, columns one after the other: d(d+1)/2 doubles.
/// Time O(d²) per comparison and memory O(d²), both independent of how many were seen. Not safe for concurrent use.
/// </remarks>
public sealed class OnePassRewardModel
{
    private readonly double[] _parameter, _average, _factor;
    private readonly double[] _forward, _backward, _residual, _combination;

    /// <summary>Starts at θ = 0 and 𝓗 = λI.</summary>
    public OnePassRewardModel(int dimension, HyperParameters hyperParameters)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        ArgumentNullException.ThrowIfNull(hyperParameters);
        Dimension = dimension;
        HyperParameters = hyperParameters;
        _parameter = new double[dimension];
        _average = new double[dimension];
        _factor = new double[dimension * (dimension + 1) / 2];
        _forward = new double[dimension];
        _backward = new double[dimension];
        _residual = new double[dimension];
        _combination = new double[dimension];
        double root = Math.Sqrt(hyperParameters.Regularization);
        for (int j = 0, at = 0; j < dimension; at += dimension - j, j++)
            _factor[at] = root;
    }

    /// <summary>d.</summary>
    public int Dimension { get; }

    /// <summary>η, λ and β.</summary>
    public HyperParameters HyperParameters { get; }

    /// <summary>t, the number of comparisons learned.</summary>
    public long Comparisons { get; private set; }

    /// <summary>θ.</summary>
    public ReadOnlySpan<double> Parameter => _parameter;

    /// <summary>(1/t) Σ θ_s, the average iterate; zero before the first comparison.</summary>
    public ReadOnlySpan<double> AverageParameter => _average;

    /// <summary>L, packed by columns: column j holds rows j to d − 1.</summary>
    public ReadOnlySpan<double> Factor => _factor;

    /// <summary>φᵀθ.</summary>
    public double Score(ReadOnlySpan<float> features)
    {
        double sum = 0;
        for (int i = 0; i < features.Length; i++)
            sum += features[i] * _parameter[i];
        return sum;
    }

    /// <summary>‖v‖ in the norm of 𝓗⁻¹, exact. O(d²).</summary>
    public double Uncertainty(ReadOnlySpan<float> direction) => Math.Sqrt(Solve(direction));

    /// <summary>Learns one comparison. O(d²), allocates nothing.</summary>
    /// <exception cref="ArgumentException">The comparison has the wrong length or is not finite; the state is as it was.</exception>
    public void Observe(Comparison comparison)
    {
        if (comparison.Difference.Length != Dimension)
            throw new ArgumentException($"A comparison of {comparison.Difference.Length} values does not fit a model of dimension {Dimension}.", nameof(comparison));
        double q = Solve(comparison.Difference);
        double margin = Score(comparison.Difference), eta = HyperParameters.StepSize;
        double p = 1 / (1 + Math.Exp(-margin)), w = p * (1 - p);
        double step = eta * (p - comparison.Label) / (1 + eta * w * q);
        double ahead = 1 / (1 + Math.Exp(-(margin - step * q))), weight = ahead * (1 - ahead);
        if (!double.IsFinite(step) || !double.IsFinite(q))
            throw new ArgumentException("A comparison must be finite.", nameof(comparison));
        Array.Clear(_combination);
        double after = 1 + weight * q;
        for (int j = Dimension - 1, at = _factor.Length - 1; j >= 0; at -= Dimension - j + 1, j--)
        {
            int rest = Dimension - j - 1;
            Span<double> column = _factor.AsSpan(at, rest + 1), below = column[1..];
            double x = _forward[j], before = after - weight * x * x;
            _backward[j] = (x - TensorPrimitives.Dot<double>(below, _backward.AsSpan(j + 1))) / column[0];
            Span<double> sum = _combination.AsSpan(j);
            double scale = Math.Sqrt(after / before), mix = weight * x / Math.Sqrt(after * before);
            for (int i = 0; i <= rest; i++)
            {
                double old = column[i];
                column[i] = scale * old + mix * sum[i];
                sum[i] += x * old;
            }
            after = before;
        }
        Comparisons++;
        for (int i = 0; i < Dimension; i++)
        {
            _parameter[i] -= step * _backward[i];
            _average[i] += (_parameter[i] - _average[i]) / Comparisons;
        }
    }

    /// <summary>Replaces the state by a saved one.</summary>
    /// <exception cref="ArgumentException">A length does not fit, a value is not finite or a pivot is not positive; the state is as it was.</exception>
    public void Restore(long comparisons, ReadOnlySpan<double> parameter, ReadOnlySpan<double> averageParameter, ReadOnlySpan<double> factor)
    {
        parameter.CopyTo(_parameter);
        averageParameter.CopyTo(_average);
        factor.CopyTo(_factor);
        Comparisons = comparisons;
    }

    private double Solve(ReadOnlySpan<float> direction)
    {
        for (int i = 0; i < Dimension; i++)
            _residual[i] = direction[i];
        double sum = 0;
        for (int j = 0, at = 0; j < Dimension; at += Dimension - j, j++)
        {
            double x = _residual[j] / _factor[at];
            _forward[j] = x;
            sum += x * x;
            Span<double> rest = _residual.AsSpan(j + 1);
            TensorPrimitives.MultiplyAdd(_factor.AsSpan(at + 1, rest.Length), -x, rest, rest);
        }
        return sum;
    }
}
