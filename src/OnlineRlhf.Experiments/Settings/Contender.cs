using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Rules;

namespace OnlineRlhf.Experiments.Settings;

/// <summary>A learner and the rule that it asks by.</summary>
internal sealed record Contender(Learner Learner, ISelectionRule Rule)
{
    /// <summary>How tables call it.</summary>
    internal string Name => $"{Learner.Name}, {Rule.Name}";

    /// <summary>With the paper's practical rule: a learner without a local norm cannot use the exploration rule.</summary>
    internal static Contender ByRank(Learner learner) => new(learner, new BestAndQuantile());
}
