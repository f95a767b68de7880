using System.Diagnostics.CodeAnalysis;

namespace OnlineRlhf.Learning.RewardModels;

/// <summary>A linear Bradley–Terry reward model learned by one-pass online mirror descent in a local norm, with the norm kept exactly.</summary>
/// <remarks>
/// θ ← θ − η 𝓗̃⁻¹ (σ(zᵀθ) − y) z with 𝓗̃ = 𝓗 + η σ̇(zᵀθ) zzᵀ, then 𝓗 ← 𝓗 + σ̇(zᵀθ⁺) zzᵀ at the new θ (the look-ahead point).
/// With u = 𝓗⁻¹z and q = zᵀu the step is θ ← θ − η (σ − y) u/(1 + η σ̇ q), so zᵀθ⁺ is known from q before u is.
/// Source: "Provably Efficient Online RLHF with One-Pass Reward Modeling", NeurIPS 2025, arXiv 2502.07193.
/// The paper's projection onto a ball is left out.
/// 𝓗 is kept as a packed square-root-free Cholesky factor, 𝓗 = LDLᵀ with L unit lower triangular and D diagonal: d(d+1)/2 doubles.
/// Time O(d²) per comparison and memory O(d²), however many comparisons came before. The same comparisons in the same order give the same bits
/// in the same binary. Not safe for concurrent use: methods that only read share scratch space too.
/// </remarks>
public sealed class OnePassRewardModel : ILocalNorm
{
    /// <summary>The largest d whose packed factor fits into one array.</summary>
    private const int LargestDimension = 65_535;

    /// <summary>Below this, no product of two intermediate results overflows.</summary>
    private const double LargestMagnitude = 1e300;

    private readonly double[] _parameter,
        _average,
        _forward,
        _backward;
    private readonly PackedCholesky _norm;

    /// <summary>Starts at θ = 0 and 𝓗 = λI.</summary>
    /// <param name="dimension">d, from 1 to 65,535; the model takes 4 d² bytes.</param>
    /// <param name="hyperParameters">η, λ and β.</param>
    /// <exception cref="ArgumentException">The dimension or a hyper-parameter is out of its range.</exception>
    public OnePassRewardModel(int dimension, HyperParameters hyperParameters)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dimension, LargestDimension);
        ArgumentNullException.ThrowIfNull(hyperParameters);
        Dimension = dimension;
        HyperParameters = hyperParameters;
        _parameter = new double[dimension];
        _average = new double[dimension];
        _forward = new double[dimension];
        _backward = new double[dimension];
        _norm = new PackedCholesky(dimension, hyperParameters.Regularization);
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
    /// <remarks>Nothing in the product decides by it. It stays because every stored checkpoint holds it, and old states must open.</remarks>
    public ReadOnlySpan<double> AverageParameter => _average;

    /// <summary>𝓗 = LDLᵀ, packed by columns: column j holds D_j, then L's rows j + 1 to d − 1; L's diagonal is 1.</summary>
    public ReadOnlySpan<double> Factor => _norm.Values;

    /// <summary>φᵀθ. O(d).</summary>
    /// <exception cref="ArgumentException">The features have another length than d, are not finite, or are too large for a finite score.</exception>
    public double Score(ReadOnlySpan<float> features) => LinearReward.Score(_parameter, features);

    /// <summary>‖v‖ in the norm of 𝓗⁻¹, exact: ‖D^−½ L⁻¹ v‖₂. O(d²), one forward solve.</summary>
    /// <exception cref="ArgumentException">The direction has another length than d, is not finite, or is too large for a finite norm.</exception>
    public double Uncertainty(ReadOnlySpan<float> direction)
    {
        LinearReward.RequireLength(direction.Length, Dimension, nameof(direction));
        for (int i = 0; i < direction.Length; i++)
            _forward[i] = direction[i];
        return SolvedNorm(nameof(direction));
    }

    /// <summary>‖φ − φ′‖ in the norm of 𝓗⁻¹. The difference is rounded to float, as in a comparison. O(d²), one forward solve.</summary>
    /// <exception cref="ArgumentException">One has another length than d, is not finite, or is too large for a finite norm.</exception>
    public double Uncertainty(ReadOnlySpan<float> features, ReadOnlySpan<float> reference)
    {
        LinearReward.RequireLength(features.Length, Dimension, nameof(features));
        LinearReward.RequireLength(reference.Length, Dimension, nameof(reference));
        for (int i = 0; i < features.Length; i++)
            _forward[i] = features[i] - reference[i];
        return SolvedNorm(nameof(features));
    }

    /// <summary>Learns one comparison. O(d²), allocates nothing. z = 0 teaches nothing and is only counted.</summary>
    /// <exception cref="ArgumentException">
    /// The difference has another length than d, a value or the step is not finite, or the label is not in [0, 1]. The state is as it was.
    /// </exception>
    public void Observe(Comparison comparison)
    {
        ReadOnlySpan<float> z = comparison.Difference;
        LinearReward.RequireShape(comparison, Dimension);
        for (int i = 0; i < z.Length; i++)
            _forward[i] = z[i];
        double margin = LinearReward.Dot(z, _parameter),
            q = _norm.SolveForward(_forward);
        double eta = HyperParameters.StepSize;
        double damping = 1 + eta * LogisticLoss.Curvature(margin) * q;
        double step = eta * LogisticLoss.Slope(margin, comparison.Label) / damping;
        double ahead = margin - step * q,
            weight = LogisticLoss.Curvature(ahead);

        // The pass below changes the state: so everything that it computes is bounded first. 𝓗 ≥ λI bounds u. The factor needs no check, since
        // squares of floats stay below 1e78.
        double move = Math.Abs(step) * Math.Sqrt(q) / Math.Sqrt(HyperParameters.Regularization);
        bool isFinite = q <= LargestMagnitude && damping <= LargestMagnitude && Math.Abs(ahead) <= LargestMagnitude && move <= LargestMagnitude;
        if (!isFinite)
            throw LinearReward.NotFinite("step", nameof(comparison));

        _norm.SolveBackwardAndUpdate(_forward, weight, _backward);
        Comparisons++;
        double share = 1.0 / Comparisons;
        for (int i = 0; i < _parameter.Length; i++)
        {
            _parameter[i] -= step * _backward[i];
            _average[i] += (_parameter[i] - _average[i]) * share;
        }
    }

    /// <summary>
    /// Replaces the state by a saved one. Later comparisons then give the same bits as in the model that was saved. O(d²), allocates nothing.
    /// </summary>
    /// <param name="comparisons">t, at least 0.</param>
    /// <param name="parameter">θ, d values.</param>
    /// <param name="averageParameter">(1/t) Σ θ_s, d values.</param>
    /// <param name="factor">D and L, packed by columns as in <see cref="Factor"/>, d(d+1)/2 values.</param>
    /// <exception cref="ArgumentException">A length does not fit, a value is not finite, or a pivot is not positive. Nothing changed.</exception>
    public void Restore(long comparisons, ReadOnlySpan<double> parameter, ReadOnlySpan<double> averageParameter, ReadOnlySpan<double> factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(comparisons);
        RequireFinite(parameter, Dimension, nameof(parameter));
        RequireFinite(averageParameter, Dimension, nameof(averageParameter));
        RequireFinite(factor, _norm.Values.Length, nameof(factor));
        double trace = 0;
        for (int j = 0, at = 0; j < Dimension; at += Dimension - j, j++)
        {
            if (!(factor[at] > 0))
                throw new ArgumentException($"The pivot of column {j} is {factor[at]}; the factor of a norm has only positive ones.", nameof(factor));
            double squares = 1;
            foreach (double value in factor.Slice(at + 1, Dimension - j - 1))
                squares += value * value;
            trace += factor[at] * squares;
        }
        if (!(trace <= LargestMagnitude))
            throw new ArgumentException($"The factor's values are too large: the trace of its norm is {trace}.", nameof(factor));
        parameter.CopyTo(_parameter);
        averageParameter.CopyTo(_average);
        _norm.Restore(factor);
        Comparisons = comparisons;
    }

    /// <summary>
    /// Carries the state over to other hyper-parameters: θ and its average stay, and 𝓗 becomes 𝓗 + (λ′ − λ)I, as if it had started at λ′I.
    /// O(d³) where λ changes, else O(d²).
    /// </summary>
    /// <param name="wanted">η, λ′ and β of the new model.</param>
    /// <param name="changed">The new model; this one stays as it is.</param>
    /// <returns>Whether the changed 𝓗 is positive definite. Where λ′ is far below the rest of 𝓗, rounding may make it not so.</returns>
    public bool TryChange(HyperParameters wanted, [NotNullWhen(true)] out OnePassRewardModel? changed)
    {
        OnePassRewardModel model = new(Dimension, wanted);
        model.Restore(Comparisons, Parameter, AverageParameter, Factor);
        double shift = wanted.Regularization - HyperParameters.Regularization;
        changed = shift == 0 || model._norm.TryShift(shift) ? model : null;
        return changed is not null;
    }

    private double SolvedNorm(string argument)
    {
        double squared = _norm.SolveForward(_forward);
        return double.IsFinite(squared) ? Math.Sqrt(squared) : throw LinearReward.NotFinite("norm", argument);
    }

    private static void RequireFinite(ReadOnlySpan<double> values, int length, string argument)
    {
        if (values.Length != length)
            throw new ArgumentException($"A saved state has {values.Length} values here where this model has {length}.", argument);
        for (int i = 0; i < values.Length; i++)
        {
            if (!double.IsFinite(values[i]))
                throw new ArgumentException($"Value {i} of the saved state is {values[i]}, which is not finite.", argument);
        }
    }
}
