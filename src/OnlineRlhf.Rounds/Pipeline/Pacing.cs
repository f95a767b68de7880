using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>
/// Computes what a round may cost, from the measured pace of the model and the time that the last rounds took. A board that gets hot becomes slower.
/// </summary>
/// <param name="pace">How fast the model decodes, measured once.</param>
/// <param name="target">How long a round may take; null for no limit.</param>
/// <param name="firstWord">How long it may take until the first word of a steered round; null for no limit.</param>
internal sealed class Pacing(DecodingPace pace, TimeSpan? target, TimeSpan? firstWord = null)
{
    private const double Weight = 0.3,
        LeastSlowness = 0.25,
        MostSlowness = 16;
    private double _slowness = 1;

    /// <summary>The measured pace, corrected by the last rounds.</summary>
    internal DecodingPace Pace
    {
        get
        {
            double slowness = Volatile.Read(ref _slowness);
            return new DecodingPace(pace.PerPromptToken * slowness, pace.PerStep * slowness, pace.PerCandidate * slowness);
        }
    }

    /// <summary>
    /// What a round with a prompt of this length samples: the requested number of candidates, or else as many as there is time for.
    /// </summary>
    internal RoundBudget Budget(int promptTokens, int? candidates, int most, int maxTokens, int thoughts = 0, SteeringOptions? steering = null)
    {
        int fewest = candidates ?? Math.Min(steering is null ? RoundBudget.FewestCandidates : RoundBudget.FewestBeginnings, most);
        most = candidates ?? most;
        if (steering is not null)
            return RoundBudget.OfSteered(Pace, target, firstWord, steering, promptTokens, fewest, most, maxTokens, thoughts);
        return target is { } all
            ? RoundBudget.Of(Pace, all, promptTokens, fewest, most, maxTokens, thoughts)
            : new RoundBudget(most, maxTokens, thoughts);
    }

    /// <summary>How long it takes at most until the first word of a steered round.</summary>
    internal TimeSpan FirstWord(int promptTokens, RoundBudget budget) =>
        TimeSpan.FromSeconds(
            (promptTokens * Pace.PerPromptToken) + ((budget.FirstBlock + SteeringOptions.WordPatience) * Pace.Step(budget.Candidates))
        );

    /// <summary>Corrects the pace by the time that a round took.</summary>
    /// <param name="time">How long the round took.</param>
    /// <param name="promptTokens">How many tokens the model read.</param>
    /// <param name="steps">How many steps it took.</param>
    /// <param name="tokens">How many tokens it wrote in all of them.</param>
    internal void Took(TimeSpan time, int promptTokens, int steps, int tokens)
    {
        double expected = (promptTokens * pace.PerPromptToken) + (steps * pace.PerStep) + (tokens * pace.PerCandidate);
        double slowness = Math.Clamp(time.TotalSeconds / expected, LeastSlowness, MostSlowness);
        Volatile.Write(ref _slowness, ((1 - Weight) * _slowness) + (Weight * slowness));
    }
}
