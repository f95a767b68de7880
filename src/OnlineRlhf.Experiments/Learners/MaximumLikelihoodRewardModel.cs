using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>
/// The baseline: θ minimises Σ ℓ_i(θ) + λ/2 ‖θ‖² over the whole history. A refit goes from the last θ to a gradient norm of 1e-6. The local norm is
/// the Hessian there, or the Gram matrix where that is smaller.
/// It needs O(t d) memory, and at least O(t d) time for a refit. It refits only when θ is asked for: many comparisons in a row cost one refit.
/// </summary>
/// <param name="dimension">d.</param>
/// <param name="regularization">λ, above 0.</param>
/// <param name="solver">How the minimum is found.</param>
internal sealed class MaximumLikelihoodRewardModel(int dimension, double regularization, Solver solver) : ILocalNorm
{
    internal const double GradientNorm = 1e-6;

    private readonly double[] _parameter = new double[dimension],
        _forward = new double[dimension];
    private readonly LogisticObjective _objective = new(dimension, regularization);
    private GramNorm? _gram;
    private Cholesky? _hessian;
    private bool _stale,
        _normed;

    /// <summary>The solver that measured fastest at a dimension: Newton where its d³ is small beside the history, L-BFGS above.</summary>
    internal static Solver Fastest(int dimension) => dimension <= 100 ? Solver.Newton : Solver.LimitedMemoryBfgs;

    public int Dimension => dimension;

    public long Comparisons => _objective.Count;

    /// <summary>Bytes of the history.</summary>
    internal long HistoryBytes => _objective.Bytes;

    public ReadOnlySpan<double> Parameter
    {
        get
        {
            Refit();
            return _parameter;
        }
    }

    public double Score(ReadOnlySpan<float> features) => LinearReward.Score(Parameter, features);

    public void Observe(Comparison comparison)
    {
        LearnerMath.Require(comparison, dimension);
        _objective.Add(comparison);
        _stale = true;
        _normed = false;
    }

    public double Uncertainty(ReadOnlySpan<float> direction)
    {
        LinearReward.RequireLength(direction.Length, dimension, nameof(direction));
        Refit();
        if (!_normed)
            MoveNorm();
        double squared = Squared(direction);
        return double.IsFinite(squared) ? Math.Sqrt(squared) : throw LinearReward.NotFinite("norm", nameof(direction));
    }

    /// <summary>Brings θ to the minimum, unless it is there.</summary>
    internal void Refit()
    {
        if (!_stale)
            return;
        Minimization.Run(_objective, _parameter, solver, GradientNorm);
        _stale = false;
    }

    private void MoveNorm()
    {
        if (Comparisons < dimension)
        {
            (_gram ??= new GramNorm(_objective)).MoveTo(_parameter);
        }
        else
        {
            _gram = null;
            _hessian = new Cholesky(_objective.Hessian(_parameter), dimension);
        }
        _normed = true;
    }

    private double Squared(ReadOnlySpan<float> direction)
    {
        if (_gram is not null)
            return _gram.Squared(direction);
        for (int i = 0; i < dimension; i++)
            _forward[i] = direction[i];
        return _hessian!.SolveForward(_forward);
    }
}
