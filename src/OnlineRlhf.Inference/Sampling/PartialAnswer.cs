using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>A branch at the end of a block.</summary>
/// <param name="Text">The answer so far.</param>
/// <param name="Hint">The style hint that it is written under, null for none.</param>
/// <param name="HasEnded">Whether the answer is whole.</param>
/// <param name="Hidden">The hidden states so far. The generation adds to them after the call.</param>
public readonly record struct PartialAnswer(string Text, string? Hint, bool HasEnded, HiddenBlocks Hidden);
