using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Rules;

namespace OnlineRlhf.Experiments.Settings;

/// <summary>A learner and the rule that it asks by.</summary>
internal sealed record Contender(Learner Learner, ISelectionRule Rule)
{
    /// <summary>How tables call it.</summary>
    internal string Name => $"{Learner.Name}, {Rule.Name}";
}
