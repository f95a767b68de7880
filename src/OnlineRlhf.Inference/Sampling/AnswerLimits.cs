using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>How long one candidate may get.</summary>
/// <param name="Room">Tokens that it may take in all.</param>
/// <param name="Answer">The most tokens of its answer.</param>
/// <param name="Thoughts">The most tokens of its thoughts; at their end they are closed and the answer begins.</param>
/// <param name="Thinking">How the model marks them.</param>
internal sealed record AnswerLimits(int Room, int Answer, int Thoughts, Thinking Thinking);
