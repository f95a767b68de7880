using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>One sampled answer.</summary>
/// <param name="Text">The answer, without surrounding white space.</param>
/// <param name="Tokens">How many tokens the answer has, including the closing one.</param>
/// <param name="Complete">Whether the model ended the answer itself; false if a limit cut it.</param>
/// <param name="Hint">The style hint of the answer; null for none.</param>
/// <param name="Hidden">The answer's hidden states, averaged in blocks; thoughts are not included.</param>
public sealed record Candidate(string Text, int Tokens, bool Complete, string? Hint, HiddenBlocks Hidden)
{
    /// <summary>How many tokens of thoughts the model wrote before the answer.</summary>
    public int Thoughts { get; init; }

    /// <summary>The tokens of the answer.</summary>
    internal IReadOnlyList<int> TokenIds { get; init; } = [];
}
