using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>
/// The exact one-pass learner without the look-ahead point: it adds to 𝓗 the Hessian of a comparison at the old θ, where the answer was not known
/// yet. Everything else is as in <see cref="OnePassRewardModel"/>. O(d²) time and memory.
/// </summary>
internal sealed class NoLookAheadRewardModel(int dimension, HyperParameters hyperParameters) : ILocalNorm
{
    private readonly double[] _parameter = new double[dimension],
        _forward = new double[dimension],
        _backward = new double[dimension];
    private readonly PackedCholesky _norm = new(dimension, hyperParameters.Regularization);

    public int Dimension => dimension;

    public long Comparisons { get; private set; }

    public ReadOnlySpan<double> Parameter => _parameter;

    public double Score(ReadOnlySpan<float> features) => LinearReward.Score(_parameter, features);

    public double Uncertainty(ReadOnlySpan<float> direction)
    {
        LinearReward.RequireLength(direction.Length, dimension, nameof(direction));
        for (int i = 0; i < dimension; i++)
            _forward[i] = direction[i];
        return Solved(nameof(direction));
    }

    public void Observe(Comparison comparison)
    {
        LearnerMath.Require(comparison, dimension);
        for (int i = 0; i < dimension; i++)
            _forward[i] = comparison.Difference[i];
        double margin = LinearReward.Dot(comparison.Difference, _parameter),
            weight = LogisticLoss.Curvature(margin);
        double q = _norm.SolveForward(_forward),
            eta = hyperParameters.StepSize;
        double step = eta * LogisticLoss.Slope(margin, comparison.Label) / (1 + eta * weight * q);
        _norm.SolveBackwardAndUpdate(_forward, weight, _backward);
        Comparisons++;
        for (int i = 0; i < dimension; i++)
            _parameter[i] -= step * _backward[i];
    }

    private double Solved(string argument)
    {
        double squared = _norm.SolveForward(_forward);
        return double.IsFinite(squared) ? Math.Sqrt(squared) : throw LinearReward.NotFinite("norm", argument);
    }
}
