using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>
/// The variant of the one-pass update that keeps no matrix: θ ← θ − η x, where K steps of conjugate gradient solve (λ_t I + H_t) x = g_t.
/// g_t and H_t are the mean gradient and Hessian of the newest minibatch at θ. A growing λ_t stands in for the Hessians of the past.
/// </summary>
/// <remarks>
/// Time O(K b d) per minibatch of b, memory O(b d). It knows no uncertainty of a direction: use it with rules that need none.
/// It needs to know the horizon T beforehand. An experiment knows it, and a daemon does not: that is why this learner is here and not in the product.
/// Source: the practical variant of arXiv 2502.07193. Not safe for concurrent use.
/// </remarks>
internal sealed class MatrixFreeRewardModel : IRewardModel
{
    /// <summary>A residual below this share of the gradient's square is rounding error: more steps would change nothing.</summary>
    private const double Tolerance = 1e-24;

    private readonly double[] _parameter,
        _gradient,
        _solution,
        _residual,
        _direction,
        _product;
    private readonly float[] _batch;
    private readonly double[] _weights,
        _labels;
    private int _waiting;

    /// <summary>Starts at θ = 0.</summary>
    /// <exception cref="ArgumentException">The dimension or an option is out of its range.</exception>
    public MatrixFreeRewardModel(int dimension, MatrixFreeOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dimension);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        Dimension = dimension;
        Options = options;
        _parameter = new double[dimension];
        _gradient = new double[dimension];
        _solution = new double[dimension];
        _residual = new double[dimension];
        _direction = new double[dimension];
        _product = new double[dimension];
        _batch = new float[checked(dimension * options.Minibatch)];
        _weights = new double[options.Minibatch];
        _labels = new double[options.Minibatch];
    }

    public int Dimension { get; }

    /// <summary>η, λ, K and the minibatch.</summary>
    public MatrixFreeOptions Options { get; }

    /// <summary>t, the number of comparisons seen; those of an incomplete minibatch are not learned yet.</summary>
    public long Comparisons { get; private set; }

    public ReadOnlySpan<double> Parameter => _parameter;

    public double Score(ReadOnlySpan<float> features) => LinearReward.Score(_parameter, features);

    public void Observe(Comparison comparison)
    {
        LearnerMath.Require(comparison, Dimension);
        comparison.Difference.CopyTo(_batch.AsSpan(_waiting * Dimension));
        _labels[_waiting] = comparison.Label;
        Comparisons++;
        if (++_waiting < Options.Minibatch)
            return;
        _waiting = 0;
        Update();
    }

    private void Update()
    {
        double share = 1.0 / Options.Minibatch,
            regularization = Options.Regularization(Comparisons - Options.Minibatch);
        Array.Clear(_gradient);
        for (int i = 0; i < Options.Minibatch; i++)
        {
            ReadOnlySpan<float> z = _batch.AsSpan(i * Dimension, Dimension);
            double margin = LinearReward.Dot(z, _parameter);
            _weights[i] = share * LogisticLoss.Curvature(margin);
            LearnerMath.AddScaled(_gradient, share * LogisticLoss.Slope(margin, _labels[i]), z);
        }
        Solve(regularization);
        for (int i = 0; i < Dimension; i++)
            _parameter[i] -= Options.StepSize * _solution[i];
    }

    /// <summary>x ≈ (λI + H)⁻¹ g, by conjugate gradient from 0: β = ‖r_new‖²/‖r_old‖².</summary>
    private void Solve(double regularization)
    {
        Array.Clear(_solution);
        _gradient.CopyTo(_residual.AsSpan());
        _gradient.CopyTo(_direction.AsSpan());
        double square = Square(_residual),
            enough = Tolerance * square;
        for (int step = 0; step < Options.Steps && square > enough; step++)
        {
            Multiply(regularization);
            double along = 0;
            for (int i = 0; i < Dimension; i++)
                along += _direction[i] * _product[i];
            double length = square / along;
            for (int i = 0; i < Dimension; i++)
            {
                _solution[i] += length * _direction[i];
                _residual[i] -= length * _product[i];
            }
            double next = Square(_residual),
                beta = next / square;
            for (int i = 0; i < Dimension; i++)
                _direction[i] = _residual[i] + beta * _direction[i];
            square = next;
        }
    }

    /// <summary>product = (λI + H) direction.</summary>
    private void Multiply(double regularization)
    {
        for (int i = 0; i < Dimension; i++)
            _product[i] = regularization * _direction[i];
        for (int i = 0; i < Options.Minibatch; i++)
        {
            ReadOnlySpan<float> z = _batch.AsSpan(i * Dimension, Dimension);
            LearnerMath.AddScaled(_product, _weights[i] * LinearReward.Dot(z, _direction), z);
        }
    }

    private static double Square(double[] v)
    {
        double sum = 0;
        foreach (double value in v)
            sum += value * value;
        return sum;
    }
}
