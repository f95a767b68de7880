namespace OnlineRlhf.Rounds;

/// <summary>An answer that was written for comparison and not shown.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Difference">z = φ(served answer) − φ(this answer), d numbers.</param>
/// <param name="Features">φ of this answer, d numbers.</param>
internal sealed record UnshownAnswer(ShownAnswer Answer, float[] Difference, float[] Features);
