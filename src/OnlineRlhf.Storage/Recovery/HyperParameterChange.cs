using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Storage.Recovery;

/// <summary>Carries a learned state over to other hyper-parameters.</summary>
internal static class HyperParameterChange
{
    /// <summary>θ and its average stay; 𝓗 becomes 𝓗 + (λ′ − λ)I, as if it had started at λ′I. O(d³) where λ changes, else O(d²).</summary>
    /// <exception cref="StateException">The changed 𝓗 is not positive definite.</exception>
    public static OnePassRewardModel Apply(OnePassRewardModel model, HyperParameters wanted) =>
        model.TryChange(wanted, out OnePassRewardModel? changed)
            ? changed
            : throw new StateException(
                StateError.HyperParameters,
                $"λ = {wanted.Regularization} cannot take the place of λ = {model.HyperParameters.Regularization}: "
                    + "the local norm would not be positive definite. Nothing was changed: keep λ, or raise it."
            );
}
