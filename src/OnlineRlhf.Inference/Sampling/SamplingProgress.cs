namespace OnlineRlhf.Inference.Sampling;

/// <summary>How far a generation is: counts only, no text.</summary>
/// <param name="Tokens">How many tokens were drawn so far, for all candidates.</param>
/// <param name="Finished">How many candidates are finished.</param>
/// <param name="Candidates">How many candidates there are. After its first block a steered round has the one or two that are written on.</param>
public readonly record struct SamplingProgress(int Tokens, int Finished, int Candidates);
