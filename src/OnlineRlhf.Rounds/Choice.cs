namespace OnlineRlhf.Rounds;

/// <summary>The answer to serve from a candidate set, and the answer to compare it with.</summary>
/// <param name="Leader">The index of the answer to serve.</param>
/// <param name="Challenger">The index of the answer to compare it with; null if the round asks nothing.</param>
/// <param name="Uncertainty">How uncertain the reward model is about the difference between the two; 0 if the round asks nothing.</param>
public readonly record struct Choice(int Leader, int? Challenger, double Uncertainty);
