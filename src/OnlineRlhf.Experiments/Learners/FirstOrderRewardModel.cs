using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>
/// First-order online mirror descent, which is one-pass stochastic gradient descent: θ ← θ − η_t (σ(zᵀθ) − y) z with η_t = c/√t.
/// O(d) time and memory.
/// </summary>
/// <param name="dimension">d.</param>
/// <param name="scale">c, above 0.</param>
internal sealed class FirstOrderRewardModel(int dimension, double scale) : IRewardModel
{
    private readonly double[] _parameter = new double[dimension];

    public int Dimension => dimension;

    public long Comparisons { get; private set; }

    public ReadOnlySpan<double> Parameter => _parameter;

    public double Score(ReadOnlySpan<float> features) => LinearReward.Score(_parameter, features);

    public void Observe(Comparison comparison)
    {
        LearnerMath.Require(comparison, dimension);
        Comparisons++;
        double slope = LogisticLoss.Slope(LinearReward.Dot(comparison.Difference, _parameter), comparison.Label);
        LearnerMath.AddScaled(_parameter, -scale / Math.Sqrt(Comparisons) * slope, comparison.Difference);
    }
}
