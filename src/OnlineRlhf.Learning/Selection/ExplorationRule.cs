using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Learning.Selection;

/// <summary>
/// The deployment-time rule: leader = argmax φᵀθ, challenger = argmax over the others of φᵀθ + β‖φ − φ_leader‖ in the norm of 𝓗⁻¹. O(n d²) for n candidates.
/// </summary>
public sealed class ExplorationRule
{
    /// <summary>Chooses the pair; the model's β weighs the uncertainty. Ties go to the lower index.</summary>
    /// <exception cref="ArgumentException">Fewer than two candidates, another dimension, or not finite features.</exception>
    public static Pair Select(OnePassRewardModel model, CandidateFeatures candidates) => throw new NotSupportedException();
}
