using System.Numerics;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Learners;

/// <summary>What the learners of experiments share, beyond what they share with the product's learner.</summary>
internal static class LearnerMath
{
    /// <summary>target += scale z.</summary>
    internal static void AddScaled(Span<double> target, double scale, ReadOnlySpan<float> z)
    {
        int width = Vector<double>.Count,
            i = 0;
        for (; i + 2 * width <= z.Length; i += 2 * width)
        {
            Vector.Widen(new Vector<float>(z[i..]), out Vector<double> first, out Vector<double> second);
            (new Vector<double>(target[i..]) + first * scale).CopyTo(target[i..]);
            (new Vector<double>(target[(i + width)..]) + second * scale).CopyTo(target[(i + width)..]);
        }
        for (; i < z.Length; i++)
            target[i] += scale * z[i];
    }

    /// <summary>Refuses, in words, what cannot be learned from.</summary>
    internal static void Require(Comparison comparison, int dimension)
    {
        LinearReward.RequireShape(comparison, dimension);
        foreach (float value in comparison.Difference)
        {
            if (!float.IsFinite(value))
                throw LinearReward.NotFinite("step", nameof(comparison));
        }
    }
}
