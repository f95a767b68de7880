using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Learning.Selection;

/// <summary>What every selection rule needs of its input.</summary>
internal static class SelectionInput
{
    /// <summary>Refuses, in words, candidates that no pair can be chosen from.</summary>
    public static void Require(IRewardModel model, CandidateFeatures candidates)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (candidates.Count < 2)
            throw new ArgumentException($"A pair needs at least two candidates; there are {candidates.Count}.", nameof(candidates));
        if (candidates.Dimension != model.Dimension)
            throw new ArgumentException(
                $"Candidates of dimension {candidates.Dimension} do not fit a model of {model.Dimension}.",
                nameof(candidates)
            );
        for (int i = 0; i < candidates.Count; i++)
        {
            ReadOnlySpan<float> features = candidates[i];
            for (int k = 0; k < features.Length; k++)
            {
                if (!float.IsFinite(features[k]))
                    throw new ArgumentException($"Feature {k} of candidate {i} is {features[k]}, which is not finite.", nameof(candidates));
            }
        }
    }
}
