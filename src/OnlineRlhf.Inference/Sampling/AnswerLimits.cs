using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>How long one candidate may be.</summary>
/// <param name="Room">How many tokens thoughts and answer may have together.</param>
/// <param name="Answer">The most tokens of its answer.</param>
/// <param name="Thoughts">The most tokens of its thoughts. At this limit they are closed and the answer begins.</param>
/// <param name="Thinking">How the model marks thoughts.</param>
internal sealed record AnswerLimits(int Room, int Answer, int Thoughts, Thinking Thinking)
{
    /// <summary>Texts at which it ends.</summary>
    internal StopSequences Stops { get; init; } = StopSequences.None;

    /// <summary>Whether it goes on in the middle of a text, so that white space at its beginning counts.</summary>
    internal bool IsContinued { get; init; }
}
