using System.Numerics.Tensors;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Storage.Layout;

/// <summary>
/// The limits within which learning a comparison cannot fail. The store checks them before it stores a comparison, since it then acknowledges it.
/// </summary>
internal static class ComparisonLimits
{
    /// <summary>Why the comparison cannot be learned, as the end of a sentence; null where it can.</summary>
    public static string? Problem(Comparison comparison, int dimension)
    {
        ReadOnlySpan<float> difference = comparison.Difference;
        if (difference.Length != dimension)
            return $"holds {difference.Length} values instead of {dimension}";
        // MaxMagnitude answers NaN as soon as there is one.
        float largest = Math.Abs(TensorPrimitives.MaxMagnitude(difference));
        if (!float.IsFinite(largest))
            return "is not finite";
        if (largest > ProfileStore.LargestMagnitude)
            return $"holds a value above {ProfileStore.LargestMagnitude:0}";
        return comparison.Label is 0 or 0.5 or 1 ? null : "has a label that is none of 0, ½ and 1";
    }

    /// <summary>Throws where hyper-parameters are outside the range in which every step of the learner is finite.</summary>
    public static void Check(HyperParameters hyperParameters)
    {
        InRange(hyperParameters.StepSize, HyperParameters.Least, "η");
        InRange(hyperParameters.Regularization, HyperParameters.Least, "λ");
        InRange(hyperParameters.Exploration, 0, "β");

        static void InRange(double value, double least, string name)
        {
            if (!(value >= least && value <= HyperParameters.Most))
                throw new ArgumentOutOfRangeException(
                    nameof(hyperParameters),
                    value,
                    $"{name} must lie between {least:g} and {HyperParameters.Most:g}."
                );
        }
    }
}
