namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>The two candidates that the exploration rule chose, and whether both are shown.</summary>
/// <param name="Leader">Index of the candidate that is served.</param>
/// <param name="Challenger">Index of the candidate to compare it with; null if there is one candidate.</param>
/// <param name="Uncertainty">How uncertain the reward model is about their difference.</param>
/// <param name="IsAsked">Whether the round asks.</param>
internal readonly record struct PairChoice(int Leader, int? Challenger, double Uncertainty, bool IsAsked)
{
    /// <summary>What the round shows.</summary>
    internal Choice Shown => IsAsked ? new Choice(Leader, Challenger, Uncertainty) : new Choice(Leader, null, 0);
}
