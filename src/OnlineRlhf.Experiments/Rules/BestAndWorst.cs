using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Rules;

/// <summary>The best and the worst by the learned reward.</summary>
internal sealed class BestAndWorst : ISelectionRule
{
    public string Name => "best + worst";

    public (int First, int Second) Select(IRewardModel model, CandidateFeatures candidates, Random random)
    {
        int[] order = Ranking.Of(model, candidates);
        return (order[0], order[^1]);
    }
}
