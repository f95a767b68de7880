using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Selection;

namespace OnlineRlhf.Learning.Tests.Regret;

/// <summary>The library's model and rule.</summary>
internal sealed class OnePassLearner(int dimension, HyperParameters hyperParameters) : ILearner
{
    private readonly OnePassRewardModel _model = new(dimension, hyperParameters);

    public (int Leader, int Challenger) Select(float[][] arms)
    {
        Pair pair = ExplorationRule.Select(_model, new CandidateFeatures(arms.SelectMany(arm => arm).ToArray(), _model.Dimension));
        return (pair.Leader, pair.Challenger);
    }

    public void Observe(float[] difference, double label) => _model.Observe(new Comparison(difference, label));
}
