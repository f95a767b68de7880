using OnlineRlhf.Inference.Devices;

namespace OnlineRlhf.Rounds;

/// <summary>How many candidates a round samples, and how long they may be, so that it is over in time.</summary>
/// <param name="Candidates">Answers that are sampled.</param>
/// <param name="MaxTokens">The most tokens of an answer.</param>
/// <param name="Thoughts">The most tokens of thoughts before an answer.</param>
public sealed record RoundBudget(int Candidates, int MaxTokens, int Thoughts = 0)
{
    /// <summary>Fewer leave little to choose from.</summary>
    internal const int FewestCandidates = 4;

    // A few paragraphs. Longer answers are worth fewer candidates, shorter ones are not.
    private const int GoodAnswer = 128;
    private const int ShortestAnswer = 16;

    /// <summary>As many candidates as leave time for a good answer each, and what time is left then for their length.</summary>
    /// <param name="pace">How fast the model decodes.</param>
    /// <param name="target">How long the round may take.</param>
    /// <param name="promptTokens">Tokens to read first, hints included.</param>
    /// <param name="fewest">The least candidates to come down to.</param>
    /// <param name="most">The most candidates.</param>
    /// <param name="maxTokens">The most tokens of an answer.</param>
    /// <param name="thoughts">The most tokens of thoughts before an answer: half of the time, where it is short, is for them.</param>
    public static RoundBudget Of(DecodingPace pace, TimeSpan target, int promptTokens, int fewest, int most, int maxTokens, int thoughts = 0)
    {
        double left = target.TotalSeconds - (promptTokens * pace.PerPromptToken);
        int candidates = most;
        while (candidates > fewest && left / pace.Step(candidates) < Math.Min(GoodAnswer, maxTokens) + thoughts)
            candidates--;
        double steps = Math.Max(0, left / pace.Step(candidates));
        thoughts = (int)Math.Min(thoughts, Math.Max(steps - maxTokens, steps / 2));
        return new RoundBudget(candidates, (int)Math.Clamp(steps - thoughts, Math.Min(ShortestAnswer, maxTokens), maxTokens), thoughts);
    }
}
