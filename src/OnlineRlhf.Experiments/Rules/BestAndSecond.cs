using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Rules;

/// <summary>The two best by the learned reward: no exploration.</summary>
internal sealed class BestAndSecond : ISelectionRule
{
    public string Name => "best + second";

    public (int First, int Second) Select(IRewardModel model, CandidateFeatures candidates, Random random)
    {
        int[] order = Ranking.Of(model, candidates);
        return (order[0], order[1]);
    }
}
