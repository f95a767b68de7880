using System.Numerics.Tensors;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>
/// xᵀ𝓗⁻¹x of a short history, t &lt; d, from its Gram matrix: 𝓗 = λI + ZᵀWZ gives 𝓗⁻¹ = (I − Zᵀ(λW⁻¹ + ZZᵀ)⁻¹Z)/λ.
/// A new comparison costs O(t d). Another θ costs O(t³) instead of O(d³).
/// </summary>
/// <param name="objective">The history.</param>
internal sealed class GramNorm(LogisticObjective objective)
{
    private readonly List<double[]> _rows = [];
    private Cholesky? _factor;

    /// <summary>Moves 𝓗 to the curvatures at another θ.</summary>
    internal void MoveTo(ReadOnlySpan<double> parameter)
    {
        for (int i = _rows.Count; i < objective.Count; i++)
        {
            double[] row = new double[i + 1],
                last = Wide(objective[i]);
            for (int j = 0; j <= i; j++)
                row[j] = LinearReward.Dot(objective[j], last);
            _rows.Add(row);
        }
        double[] packed = [.. _rows.SelectMany(r => r)];
        for (int i = 0; i < _rows.Count; i++)
            packed[i * (i + 3) / 2] += objective.Regularization / LogisticLoss.Curvature(LinearReward.Dot(objective[i], parameter));
        _factor = new Cholesky(packed, _rows.Count);
    }

    /// <summary>xᵀ𝓗⁻¹x.</summary>
    internal double Squared(ReadOnlySpan<float> x)
    {
        double[] along = new double[_rows.Count],
            wide = Wide(x);
        for (int i = 0; i < along.Length; i++)
            along[i] = LinearReward.Dot(objective[i], wide);
        return Math.Max(0, TensorPrimitives.SumOfSquares<double>(wide) - _factor!.SolveForward(along)) / objective.Regularization;
    }

    // The caller subtracts nearly equal numbers: the rounding of single precision would show.
    private static double[] Wide(ReadOnlySpan<float> values)
    {
        double[] wide = new double[values.Length];
        TensorPrimitives.ConvertChecked(values, (Span<double>)wide);
        return wide;
    }
}
