using System.Numerics;

namespace OnlineRlhf.Learning.RewardModels;

/// <summary>What every linear reward model does with features in float and a θ in double.</summary>
internal static class LinearReward
{
    /// <summary>zᵀv.</summary>
    public static double Dot(ReadOnlySpan<float> z, ReadOnlySpan<double> v)
    {
        int width = Vector<double>.Count,
            i = 0;
        Vector<double> low = default,
            high = default;
        for (; i + 2 * width <= z.Length; i += 2 * width)
        {
            Vector.Widen(new Vector<float>(z[i..]), out Vector<double> first, out Vector<double> second);
            low += first * new Vector<double>(v[i..]);
            high += second * new Vector<double>(v[(i + width)..]);
        }
        double sum = Vector.Sum(low + high);
        for (; i < z.Length; i++)
            sum += z[i] * v[i];
        return sum;
    }

    /// <summary>φᵀθ. Throws where it is not finite.</summary>
    public static double Score(ReadOnlySpan<double> parameter, ReadOnlySpan<float> features)
    {
        RequireLength(features.Length, parameter.Length, nameof(features));
        double score = Dot(features, parameter);
        return double.IsFinite(score) ? score : throw NotFinite("score", nameof(features));
    }

    /// <summary>Refuses, in words, a comparison of another dimension or with a wrong label. The caller checks the values of z.</summary>
    public static void RequireShape(Comparison comparison, int dimension)
    {
        RequireLength(comparison.Difference.Length, dimension, nameof(comparison));
        if (!(comparison.Label is >= 0 and <= 1))
            throw new ArgumentException($"A label lies between 0 and 1; {comparison.Label} does not.", nameof(comparison));
    }

    /// <summary>Refuses, in words, values that are not one for each dimension.</summary>
    public static void RequireLength(int length, int dimension, string argument)
    {
        if (length != dimension)
            throw new ArgumentException($"{length} values do not fit a model of dimension {dimension}.", argument);
    }

    /// <summary>The refusal of values from which a result overflows.</summary>
    public static ArgumentException NotFinite(string result, string argument) =>
        new($"The values must be finite and small enough for a finite {result}.", argument);
}
