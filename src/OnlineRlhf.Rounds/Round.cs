using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Rounds;

/// <summary>One request, its two answers, and the comparison that feedback will make of them. Lives in memory only.</summary>
public sealed class Round
{
    private readonly float[] _difference;

    internal Round(Guid id, CandidateSet set, Choice choice, bool leaderFirst, TimeProvider clock, TimeSpan lifetime)
    {
        Id = id;
        Profile = set.Request.Profile;
        Map = set.Map;
        CandidateCount = set.Candidates.Count;
        Uncertainty = choice.Uncertainty;
        CreatedAt = clock.GetUtcNow();
        ExpiresAt = CreatedAt + lifetime;
        (int first, int? second) =
            choice.Challenger is { } challenger && !leaderFirst ? (challenger, choice.Leader) : (choice.Leader, choice.Challenger);
        First = Show(set.Candidates[first]);
        Second = second is { } other ? Show(set.Candidates[other]) : null;
        _difference = second is { } against ? Subtract(set, first, against) : [];
    }

    /// <summary>Names the round.</summary>
    public Guid Id { get; }

    /// <summary>Whose taste decided.</summary>
    public string Profile { get; }

    /// <summary>Whether two answers are shown and feedback is wanted.</summary>
    public bool Asked => Second is not null;

    /// <summary>The answer shown first; the served one where nothing is asked. Which of the two is the leader is random.</summary>
    public ShownAnswer First { get; }

    /// <summary>The answer shown second; null where nothing is asked.</summary>
    public ShownAnswer? Second { get; }

    /// <summary>Distinct candidates that were sampled.</summary>
    public int CandidateCount { get; }

    /// <summary>How unsure the model is of the difference between the two.</summary>
    public double Uncertainty { get; }

    /// <summary>When it was opened.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>When it stops to accept feedback.</summary>
    public DateTimeOffset ExpiresAt { get; }

    /// <summary>The φ that z was computed with.</summary>
    internal FeatureMap Map { get; }

    /// <summary>z = φ(first) − φ(second), d numbers; empty where nothing is asked.</summary>
    public ReadOnlySpan<float> Difference => _difference;

    private static ShownAnswer Show(Candidate candidate) => new(candidate.Text, candidate.Tokens);

    private static float[] Subtract(CandidateSet set, int first, int second)
    {
        float[] difference = new float[set.Dimension];
        System.Numerics.Tensors.TensorPrimitives.Subtract(set.Features[first], set.Features[second], difference);
        return difference;
    }
}
