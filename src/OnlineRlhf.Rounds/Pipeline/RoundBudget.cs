using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>How many candidates a round samples, and how long they may be, so that it ends in time.</summary>
/// <param name="Candidates">How many answers are sampled.</param>
/// <param name="MaxTokens">The most tokens of one answer.</param>
/// <param name="Thoughts">The most tokens that the model may think before an answer.</param>
/// <param name="FirstBlock">The tokens after which a steered round chooses for the first time; 0 if answers are chosen whole.</param>
public sealed record RoundBudget(int Candidates, int MaxTokens, int Thoughts = 0, int FirstBlock = 0)
{
    /// <summary>The fewest candidates: fewer leave little to choose from.</summary>
    internal const int FewestCandidates = 4;

    /// <summary>The fewest beginnings of a steered round: two still leave a choice.</summary>
    internal const int FewestBeginnings = 2;

    // A beginning of fewer tokens tells nothing.
    private const int ShortestBeginning = 4;

    // A few paragraphs. A round gives up candidates to let answers grow to this length, but not beyond it.
    private const int GoodAnswer = 128;
    private const int ShortestAnswer = 16;

    /// <summary>Plans as many candidates as leave time for a good answer each. The time that is left then limits their length.</summary>
    /// <param name="pace">How fast the model decodes.</param>
    /// <param name="target">How long the round may take.</param>
    /// <param name="promptTokens">How many tokens the model reads first, hints included.</param>
    /// <param name="fewest">The fewest candidates.</param>
    /// <param name="most">The most candidates.</param>
    /// <param name="maxTokens">The most tokens of one answer.</param>
    /// <param name="thoughts">The most tokens that the model may think before an answer. If time is short, thoughts get half of it.</param>
    public static RoundBudget Of(DecodingPace pace, TimeSpan target, int promptTokens, int fewest, int most, int maxTokens, int thoughts = 0)
    {
        double left = target.TotalSeconds - (promptTokens * pace.PerPromptToken);
        int candidates = most;
        while (candidates > fewest && left / pace.Step(candidates) < Math.Min(GoodAnswer, maxTokens) + thoughts)
            candidates--;
        return Within(left, pace.Step(candidates), pace.Step(candidates), candidates, maxTokens, thoughts);
    }

    /// <summary>
    /// Plans a steered round. If time to the first word is short, there are fewer beginnings, then shorter ones. The time that is left limits the
    /// length of the answer.
    /// </summary>
    /// <param name="pace">How fast the model decodes.</param>
    /// <param name="target">How long the round may take; null for no limit.</param>
    /// <param name="firstWord">How long it may take until the first word; null for no limit. Thoughts come before it, and are not counted.</param>
    /// <param name="steering">The blocks, as long as there is time.</param>
    /// <param name="promptTokens">How many tokens the model reads first, hints included.</param>
    /// <param name="fewest">The fewest candidates.</param>
    /// <param name="most">The most candidates.</param>
    /// <param name="maxTokens">The most tokens of one answer.</param>
    /// <param name="thoughts">The most tokens that the model may think before an answer. If time is short, thoughts get half of it.</param>
    internal static RoundBudget OfSteered(
        DecodingPace pace,
        TimeSpan? target,
        TimeSpan? firstWord,
        SteeringOptions steering,
        int promptTokens,
        int fewest,
        int most,
        int maxTokens,
        int thoughts = 0
    )
    {
        double reading = promptTokens * pace.PerPromptToken,
            left = (firstWord?.TotalSeconds ?? double.PositiveInfinity) - reading;
        (int candidates, int block) = (most, steering.FirstBlock);
        while (candidates > Math.Max(fewest, FewestCandidates) && First(candidates, block) > left)
            candidates--;
        while (block > ShortestBeginning && First(candidates, block) > left)
            block--;
        while (candidates > fewest && First(candidates, block) > left)
            candidates--;
        int first = Math.Min(block + SteeringOptions.WordPatience, maxTokens);
        double later = (target?.TotalSeconds ?? double.PositiveInfinity) - reading - First(candidates, block);
        RoundBudget rest = Within(
            later,
            pace.Step(candidates),
            pace.Step(Math.Min(steering.LaterRows, candidates)),
            candidates,
            maxTokens - first,
            thoughts
        );
        return rest with { MaxTokens = Math.Max(first + rest.MaxTokens, Math.Min(ShortestAnswer, maxTokens)), FirstBlock = block };

        // A block ends at a word's end.
        double First(int candidates, int block) => (block + SteeringOptions.WordPatience) * pace.Step(candidates);
    }

    /// <summary>Divides the time that is left between thoughts and the answer.</summary>
    /// <param name="seconds">The time.</param>
    /// <param name="thinking">Seconds for a token of thoughts.</param>
    /// <param name="writing">Seconds for a token of the answer.</param>
    /// <param name="candidates">How many answers are sampled.</param>
    /// <param name="maxTokens">The most tokens of the answer.</param>
    /// <param name="thoughts">The most tokens of thoughts.</param>
    private static RoundBudget Within(double seconds, double thinking, double writing, int candidates, int maxTokens, int thoughts)
    {
        seconds = Math.Max(0, seconds);
        thoughts = (int)Math.Min(thoughts, Math.Max(seconds - (maxTokens * writing), seconds / 2) / thinking);
        double tokens = (seconds - (thoughts * thinking)) / writing;
        return new RoundBudget(candidates, (int)Math.Clamp(tokens, Math.Min(ShortestAnswer, maxTokens), maxTokens), thoughts);
    }
}
