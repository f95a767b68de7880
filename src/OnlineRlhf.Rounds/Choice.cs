namespace OnlineRlhf.Rounds;

/// <summary>What the learned taste says of a candidate set.</summary>
/// <param name="Leader">The answer to serve.</param>
/// <param name="Challenger">The answer to compare it with; null where nothing is asked.</param>
/// <param name="Uncertainty">How unsure the model is of the difference between the two; 0 where nothing is asked.</param>
public readonly record struct Choice(int Leader, int? Challenger, double Uncertainty);
