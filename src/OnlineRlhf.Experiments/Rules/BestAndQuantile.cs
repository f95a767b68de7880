using System.Globalization;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Rules;

/// <summary>The paper's practical rule: the best of the reward ranking, and the one that stands at its top 1/q. It needs no uncertainty.</summary>
/// <param name="q">With n candidates the second stands at place n/q, from 0; 4 is the best quarter.</param>
internal sealed class BestAndQuantile(int q = 4) : ISelectionRule
{
    public string Name => string.Create(CultureInfo.InvariantCulture, $"best + top 1/{q}");

    public (int First, int Second) Select(IRewardModel model, CandidateFeatures candidates, Random random)
    {
        int[] order = Ranking.Of(model, candidates);
        return (order[0], order[Math.Clamp(order.Length / q, 1, order.Length - 1)]);
    }
}
