namespace OnlineRlhf.Inference.Conversations;

/// <summary>A sequence of the context, with the tokens that it holds.</summary>
internal sealed record CachedSequence(int Sequence, int[] Tokens);
