using System.Numerics.Tensors;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>Σ ℓ_i(θ) + λ/2 ‖θ‖² over a history that grows. Every method passes once over the history.</summary>
internal sealed class LogisticObjective(int dimension, double regularization)
{
    private float[] _differences = new float[64 * dimension];
    private double[] _labels = new double[64],
        _weights = new double[64];

    internal int Count { get; private set; }

    internal int Dimension => dimension;

    internal double Regularization => regularization;

    internal long Bytes => (long)Count * (dimension * sizeof(float) + 2 * sizeof(double));

    internal void Add(Comparison comparison)
    {
        if (Count == _labels.Length)
        {
            Array.Resize(ref _labels, 2 * Count);
            Array.Resize(ref _weights, 2 * Count);
            Array.Resize(ref _differences, checked(2 * Count * dimension));
        }
        comparison.Difference.CopyTo(_differences.AsSpan(Count * dimension));
        _labels[Count++] = comparison.Label;
    }

    /// <summary>The value and its gradient; keeps the curvatures for <see cref="Multiply"/>.</summary>
    internal double Gradient(ReadOnlySpan<double> parameter, double[] gradient)
    {
        double value = 0;
        for (int i = 0; i < dimension; i++)
        {
            gradient[i] = regularization * parameter[i];
            value += 0.5 * regularization * parameter[i] * parameter[i];
        }
        for (int i = 0; i < Count; i++)
        {
            ReadOnlySpan<float> z = this[i];
            double margin = LinearReward.Dot(z, parameter);
            // log(1 + e^m) − y m, without overflow.
            value += Math.Max(margin, 0) + Math.Log(1 + Math.Exp(-Math.Abs(margin))) - _labels[i] * margin;
            _weights[i] = LogisticLoss.Curvature(margin);
            LearnerMath.AddScaled(gradient, LogisticLoss.Slope(margin, _labels[i]), z);
        }
        return value;
    }

    /// <summary>product = ∇²(θ) v, at the θ of the last gradient.</summary>
    internal void Multiply(ReadOnlySpan<double> v, double[] product)
    {
        for (int i = 0; i < dimension; i++)
            product[i] = regularization * v[i];
        for (int i = 0; i < Count; i++)
        {
            ReadOnlySpan<float> z = this[i];
            LearnerMath.AddScaled(product, _weights[i] * LinearReward.Dot(z, v), z);
        }
    }

    /// <summary>∇²(θ), its lower triangle packed by rows. O(t d²).</summary>
    internal double[] Hessian(ReadOnlySpan<double> parameter)
    {
        double[] packed = new double[dimension * (dimension + 1) / 2];
        double[] row = new double[dimension];
        for (int i = 0; i < dimension; i++)
            packed[i * (i + 3) / 2] = regularization;
        for (int k = 0; k < Count; k++)
        {
            ReadOnlySpan<float> z = this[k];
            double weight = LogisticLoss.Curvature(LinearReward.Dot(z, parameter));
            TensorPrimitives.ConvertChecked(z, (Span<double>)row);
            for (int i = 0, at = 0; i < dimension; at += ++i)
            {
                Span<double> target = packed.AsSpan(at, i + 1);
                TensorPrimitives.MultiplyAdd(row.AsSpan(0, i + 1), weight * row[i], target, target);
            }
        }
        return packed;
    }

    /// <summary>z of the i-th comparison.</summary>
    internal ReadOnlySpan<float> this[int i] => _differences.AsSpan(i * dimension, dimension);
}
