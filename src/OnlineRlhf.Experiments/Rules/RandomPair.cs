using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Rules;

/// <summary>Two candidates at random.</summary>
internal sealed class RandomPair : ISelectionRule
{
    public string Name => "random pair";

    public (int First, int Second) Select(IRewardModel model, CandidateFeatures candidates, Random random)
    {
        int first = random.Next(candidates.Count),
            second = random.Next(candidates.Count - 1);
        return (first, second >= first ? second + 1 : second);
    }
}
