using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Storage.Recovery;

/// <summary>Carries a learned state over to other hyper-parameters.</summary>
internal static class HyperParameterChange
{
    /// <summary>
    /// θ and its average stay; 𝓗 becomes 𝓗 + (λ′ − λ)I, as if it had started at λ′I, by a Cholesky factorisation. O(d³) where λ changes, else O(d²).
    /// </summary>
    /// <exception cref="StateException">The changed 𝓗 is not positive definite.</exception>
    public static OnePassRewardModel Apply(OnePassRewardModel model, HyperParameters wanted)
    {
        var changed = new OnePassRewardModel(model.Dimension, wanted);
        double shift = wanted.Regularization - model.HyperParameters.Regularization;
        double[] factor = shift == 0 ? model.Factor.ToArray() : Factorise(Shifted(model.Factor, model.Dimension, shift), model.Dimension)
            ?? throw new StateException(StateError.HyperParameters,
                $"λ = {wanted.Regularization} cannot take the place of λ = {model.HyperParameters.Regularization}: the local norm would not be positive definite. "
                + "Nothing was changed: keep λ, or raise it.");
        changed.Restore(model.Comparisons, model.Parameter, model.AverageParameter, factor);
        return changed;
    }

    /// <summary>LLᵀ + shift·I, packed by columns like L.</summary>
    private static double[] Shifted(ReadOnlySpan<double> factor, int d, double shift)
    {
        double[] sum = new double[factor.Length];
        for (int k = 0, at = 0; k < d; at += d - k, k++)
        {
            ReadOnlySpan<double> column = factor.Slice(at, d - k);
            for (int j = k, to = at; j < d; to += d - j, j++)
                Add(sum.AsSpan(to, d - j), column[(j - k)..], column[j - k]);
        }
        for (int j = 0, at = 0; j < d; at += d - j, j++)
            sum[at] += shift;
        return sum;
    }

    /// <summary>The Cholesky factor in the place of the matrix; null where it is not positive definite.</summary>
    private static double[]? Factorise(double[] matrix, int d)
    {
        for (int k = 0, at = 0; k < d; at += d - k, k++)
        {
            Span<double> column = matrix.AsSpan(at, d - k);
            double pivot = column[0];
            if (!(pivot > 0) || !double.IsFinite(pivot))
                return null;
            double root = Math.Sqrt(pivot);
            for (int i = 0; i < column.Length; i++)
                column[i] /= root;
            for (int j = k + 1, to = at + d - k; j < d; to += d - j, j++)
                Add(matrix.AsSpan(to, d - j), column[(j - k)..], -column[j - k]);
        }
        return matrix;
    }

    private static void Add(Span<double> target, ReadOnlySpan<double> values, double weight) =>
        System.Numerics.Tensors.TensorPrimitives.MultiplyAdd(values, weight, target, target);
}
