using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>
/// The baseline: θ minimises Σ ℓ_i(θ) + λ/2 ‖θ‖² over the whole history, refitted from the last θ to a gradient norm of 1e-6; its local norm is the Hessian there.
/// O(t d) memory, and O(t d) time a refit at the least. The refit is done where θ is next asked for, so that a stretch without questions costs one.
/// </summary>
/// <param name="dimension">d.</param>
/// <param name="regularization">λ, above 0.</param>
/// <param name="solver">How the minimum is found.</param>
internal sealed class MaximumLikelihoodRewardModel(int dimension, double regularization, Solver solver = Solver.NewtonConjugateGradient) : ILocalNorm
{
    internal const double GradientNorm = 1e-6;

    private readonly double[] _parameter = new double[dimension], _forward = new double[dimension];
    private readonly LogisticObjective _objective = new(dimension, regularization);
    private Cholesky? _norm;
    private bool _stale;

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
        LinearReward.Require(comparison, dimension);
        _objective.Add(comparison);
        _stale = true;
        _norm = null;
    }

    public double Uncertainty(ReadOnlySpan<float> direction)
    {
        LinearReward.RequireLength(direction.Length, dimension, nameof(direction));
        for (int i = 0; i < dimension; i++)
            _forward[i] = direction[i];
        return Solved(nameof(direction));
    }

    /// <summary>Brings θ to the minimum, where it is not there.</summary>
    internal void Refit()
    {
        if (!_stale)
            return;
        Minimization.Run(_objective, _parameter, solver, GradientNorm);
        _stale = false;
    }

    private double Solved(string argument)
    {
        Refit();
        _norm ??= new Cholesky(_objective.Hessian(_parameter), dimension);
        double squared = _norm.SolveForward(_forward);
        return double.IsFinite(squared) ? Math.Sqrt(squared) : throw LinearReward.NotFinite("norm", argument);
    }
}
