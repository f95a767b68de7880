namespace OnlineRlhf.Inference.Sampling;

/// <summary>How far a generation is: counts only, no text.</summary>
/// <param name="Tokens">Tokens drawn so far, over all candidates.</param>
/// <param name="Finished">Candidates that are done.</param>
/// <param name="Candidates">Candidates in all.</param>
public readonly record struct SamplingProgress(int Tokens, int Finished, int Candidates);
