using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Rounds;

/// <summary>
/// What a round may cost, from the measured pace of the model and from how long the last rounds took against it: a board that gets hot gets slow.
/// </summary>
internal sealed class Pacing(DecodingPace pace, TimeSpan target)
{
    private const double Weight = 0.3,
        LeastSlowness = 0.25,
        MostSlowness = 16;
    private double _slowness = 1;

    /// <summary>The pace as of the last rounds.</summary>
    internal DecodingPace Pace
    {
        get
        {
            double slowness = Volatile.Read(ref _slowness);
            return new DecodingPace(pace.PerPromptToken * slowness, pace.PerStep * slowness, pace.PerCandidate * slowness);
        }
    }

    /// <summary>What a round on so long a prompt samples: as many candidates as it names, else as many as there is time for.</summary>
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

    /// <summary>Learns from a round how the pace that was measured at the start holds.</summary>
    /// <param name="time">What the round took.</param>
    /// <param name="promptTokens">Tokens that it read.</param>
    /// <param name="candidates">What it sampled.</param>
    internal void Took(TimeSpan time, int promptTokens, IReadOnlyList<Candidate> candidates)
    {
        double expected =
            (promptTokens * pace.PerPromptToken) + (candidates.Max(Decoded) * pace.PerStep) + (candidates.Sum(Decoded) * pace.PerCandidate);
        double slowness = Math.Clamp(time.TotalSeconds / expected, LeastSlowness, MostSlowness);
        Volatile.Write(ref _slowness, ((1 - Weight) * _slowness) + (Weight * slowness));

        static int Decoded(Candidate candidate) => candidate.Thoughts + candidate.Tokens;
    }
}
