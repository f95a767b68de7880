using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>
/// Computes what a round may cost, from the measured pace of the model and the time that the last rounds took. A board that gets hot becomes slower.
/// </summary>
internal sealed class Pacing(DecodingPace pace, TimeSpan target)
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
    internal RoundBudget Budget(int promptTokens, int? candidates, int most, int maxTokens, int thoughts = 0) =>
        RoundBudget.Of(
            Pace,
            target,
            promptTokens,
            candidates ?? Math.Min(RoundBudget.FewestCandidates, most),
            candidates ?? most,
            maxTokens,
            thoughts
        );

    /// <summary>Corrects the pace by the time that a round took.</summary>
    /// <param name="time">How long the round took.</param>
    /// <param name="promptTokens">How many tokens the model read.</param>
    /// <param name="candidates">The candidates that the model wrote.</param>
    internal void Took(TimeSpan time, int promptTokens, IReadOnlyList<Candidate> candidates)
    {
        Took(time, promptTokens, candidates.Max(Decoded), candidates.Sum(Decoded));

        static int Decoded(Candidate candidate) => candidate.Thoughts + candidate.Tokens;
    }

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
