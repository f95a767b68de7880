namespace OnlineRlhf.Inference.Sampling;

/// <summary>What a guide chooses among first blocks.</summary>
/// <param name="Leader">The branch that is continued.</param>
/// <param name="Challenger">The branch that is finished to compare it with; null for none.</param>
/// <param name="IsAsked">Whether both are shown. If not, the challenger is finished when the leader is whole.</param>
public readonly record struct FirstChoice(int Leader, int? Challenger, bool IsAsked);
