using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Selection;

namespace OnlineRlhf.Experiments.Rules;

/// <summary>The daemon's own rule: the best, and the one with the highest reward plus β times its uncertainty against the best.</summary>
/// <param name="beta">β.</param>
internal sealed class Exploration(double beta = 1) : ISelectionRule
{
    public string Name => "exploration";

    public (int First, int Second) Select(IRewardModel model, CandidateFeatures candidates, Random random)
    {
        Pair pair = model is ILocalNorm norm
            ? ExplorationRule.Select(norm, candidates, beta)
            : throw new ArgumentException(
                $"{model.GetType().Name} knows no uncertainty, which the exploration rule needs: use another rule.",
                nameof(model)
            );
        return (pair.Leader, pair.Challenger);
    }
}
