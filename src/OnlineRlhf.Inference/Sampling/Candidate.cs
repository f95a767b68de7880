using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>One sampled answer.</summary>
/// <param name="Text">The answer, without surrounding white space.</param>
/// <param name="Tokens">Tokens of the answer, the closing one included.</param>
/// <param name="Complete">Whether the model ended the answer itself, rather than the token limit.</param>
/// <param name="Hint">The style hint it was drawn under; null for none.</param>
/// <param name="Hidden">Its hidden states, averaged in blocks; those of thoughts are no part of it.</param>
public sealed record Candidate(string Text, int Tokens, bool Complete, string? Hint, HiddenBlocks Hidden)
{
    /// <summary>Tokens that the model decoded before the answer began: its thoughts.</summary>
    public int Thoughts { get; init; }

    /// <summary>The drawn tokens themselves.</summary>
    internal IReadOnlyList<int> TokenIds { get; init; } = [];
}
