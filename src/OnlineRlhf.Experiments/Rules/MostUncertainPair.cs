using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Rules;

/// <summary>The active rule: the pair whose difference is the most uncertain in the local norm, whatever its rewards.</summary>
internal sealed class MostUncertainPair : ISelectionRule
{
    public string Name => "most uncertain pair";

    public (int First, int Second) Select(IRewardModel model, CandidateFeatures candidates, Random random)
    {
        (int first, int second, _) = Find(model, candidates);
        return (first, second);
    }

    /// <summary>The pair and its uncertainty.</summary>
    internal static (int First, int Second, double Uncertainty) Find(IRewardModel model, CandidateFeatures candidates)
    {
        if (model is not ILocalNorm norm)
            throw new ArgumentException(
                $"{model.GetType().Name} knows no uncertainty, which the active rule needs: use another rule.",
                nameof(model)
            );
        (int First, int Second, double Uncertainty) most = (0, 1, -1);
        for (int i = 0; i < candidates.Count; i++)
        {
            for (int j = i + 1; j < candidates.Count; j++)
            {
                double uncertainty = norm.Uncertainty(candidates[i], candidates[j]);
                if (uncertainty > most.Uncertainty)
                    most = (i, j, uncertainty);
            }
        }
        return most;
    }
}
