using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Rules;

/// <summary>Chooses the two candidates that a person is asked about. Without state of its own.</summary>
internal interface ISelectionRule
{
    /// <summary>How tables call it.</summary>
    string Name { get; }

    /// <summary>Two different candidates. The first is the one that would be served, where the rule serves one.</summary>
    (int First, int Second) Select(IRewardModel model, CandidateFeatures candidates, Random random);
}
