using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>
/// The authors' public implementation of the matrix-free variant. It differs from the paper in four ways. Its conjugate gradient computes
/// β = ‖r_new‖²/‖r_new‖² = 1. Its Hessian-vector product keeps λ fixed and ignores the schedule. It blends the solution with the raw gradient.
/// Once the schedule has reached 1, after <paramref name="growth"/> steps, it is plain gradient descent. O(d) time and memory.
/// </summary>
/// <param name="dimension">d.</param>
/// <param name="stepSize">η. Theirs is 0.001 for hidden states with a norm of about 100; here it has to be tuned.</param>
/// <param name="damping">λ in the Hessian-vector product and the share of the raw gradient; theirs is 0.8.</param>
/// <param name="growth">Comparisons after which the linear schedule has reached 1; theirs is 100 minibatches.</param>
internal sealed class ReferenceRewardModel(int dimension, double stepSize, double damping = 0.8, double growth = 100) : IRewardModel
{
    private const int Steps = 3;
    private readonly double[] _parameter = new double[dimension],
        _gradient = new double[dimension],
        _solution = new double[dimension];
    private readonly double[] _residual = new double[dimension],
        _direction = new double[dimension],
        _product = new double[dimension];

    public int Dimension => dimension;

    public long Comparisons { get; private set; }

    public ReadOnlySpan<double> Parameter => _parameter;

    public double Score(ReadOnlySpan<float> features) => LinearReward.Score(_parameter, features);

    public void Observe(Comparison comparison)
    {
        LearnerMath.Require(comparison, dimension);
        Comparisons++;
        ReadOnlySpan<float> z = comparison.Difference;
        double margin = LinearReward.Dot(z, _parameter);
        Array.Clear(_gradient);
        LearnerMath.AddScaled(_gradient, LogisticLoss.Slope(margin, comparison.Label), z);
        if ((1 - damping) * Comparisons / growth + damping < 1)
            Solve(z, LogisticLoss.Curvature(margin));
        else
            _gradient.CopyTo(_solution.AsSpan());
        for (int i = 0; i < dimension; i++)
            _parameter[i] -= stepSize * _solution[i];
    }

    private void Solve(ReadOnlySpan<float> z, double weight)
    {
        Array.Clear(_solution);
        _gradient.CopyTo(_residual.AsSpan());
        _gradient.CopyTo(_direction.AsSpan());
        double square = Square(_residual);
        for (int step = 0; step < Steps; step++)
        {
            for (int i = 0; i < dimension; i++)
                _product[i] = damping * _direction[i];
            LearnerMath.AddScaled(_product, weight * LinearReward.Dot(z, _direction), z);
            double along = 1e-8;
            for (int i = 0; i < dimension; i++)
                along += _direction[i] * _product[i];
            double length = square / along;
            for (int i = 0; i < dimension; i++)
            {
                _solution[i] += length * _direction[i];
                _residual[i] -= length * _product[i];
            }
            square = Square(_residual);
            if (square < 1e-10)
                break;
            // As in the authors' code, β is 1 whatever the residuals are.
            for (int i = 0; i < dimension; i++)
                _direction[i] += _residual[i];
        }
        for (int i = 0; i < dimension; i++)
            _solution[i] = damping * _gradient[i] + (1 - damping) * _solution[i];
    }

    private static double Square(double[] v) => v.Sum(value => value * value);
}
