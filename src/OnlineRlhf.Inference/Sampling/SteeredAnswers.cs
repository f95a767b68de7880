namespace OnlineRlhf.Inference.Sampling;

/// <summary>What a steered generation has written.</summary>
/// <param name="Leader">The answer that was chosen block by block.</param>
/// <param name="Challenger">The answer to compare it with; null if the guide wanted none, or if it is the same text.</param>
/// <param name="Tokens">Tokens that were drawn in all branches.</param>
public sealed record SteeredAnswers(Candidate Leader, Candidate? Challenger, int Tokens);
