using System.Numerics.Tensors;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Conversations;

namespace OnlineRlhf.Rounds;

/// <summary>One request, its two answers, and the comparison that feedback makes of them. It exists only in memory.</summary>
public sealed class Round
{
    private readonly float[] _difference;
    private readonly TaskCompletionSource<UnshownAnswer?> _challenger = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal Round(
        Guid id,
        CandidateSet set,
        Choice choice,
        int candidates,
        bool leaderFirst,
        int promptTokens,
        TimeProvider clock,
        TimeSpan lifetime
    )
    {
        Id = id;
        Profile = set.Request.Profile;
        Scope = set.Request.Scope;
        MayBeShown = set.Request.MayBeShown;
        PromptTokens = promptTokens;
        Source = set.Request.Source;
        Turn = set.Request.Turns?.Last;
        Map = set.Map;
        CandidateCount = candidates;
        Uncertainty = choice.Uncertainty;
        CreatedAt = clock.GetUtcNow();
        ExpiresAt = CreatedAt + lifetime;
        (int first, int? second) =
            choice.Challenger is { } challenger && !leaderFirst ? (challenger, choice.Leader) : (choice.Leader, choice.Challenger);
        First = Show(set.Candidates[first]);
        Second = second is { } other ? Show(set.Candidates[other]) : null;
        Served = second is null ? set.Features[first].ToArray() : [];
        _difference = second is { } against ? Subtract(set, first, against) : [];
        if (set.Request.Source is { } source && Turn is not null && second is null)
            Exchange =
                set.Request.Repeated is { } repeated && repeated.Round.Map.Fingerprint == Map.Fingerprint
                    ? repeated
                    : new Exchange(source, Turn, set.Request, this);
    }

    /// <summary>The id of the round.</summary>
    public Guid Id { get; }

    /// <summary>The profile whose taste chose the answers.</summary>
    public string Profile { get; }

    /// <summary>What the round stands beside.</summary>
    internal RoundScope Scope { get; }

    /// <summary>Who sent the request; null if nothing may be learned from the conversation.</summary>
    internal Guid? Source { get; }

    /// <summary>The turn of the conversation that it answers; null if it belongs to no conversation.</summary>
    internal ConversationTurn? Turn { get; }

    /// <summary>What is remembered to recognise the answer that the person keeps; null for nothing.</summary>
    internal Exchange? Exchange { get; }

    /// <summary>Whether people may see it on a display with buttons.</summary>
    internal bool MayBeShown { get; }

    /// <summary>How many tokens the conversation has, without style hints.</summary>
    public int PromptTokens { get; }

    /// <summary>Whether the round shows two answers and waits for feedback.</summary>
    public bool Asked => Second is not null;

    /// <summary>The answer shown first, or the only answer if the round asks nothing. Chance decides which of two answers is the leader.</summary>
    public ShownAnswer First { get; }

    /// <summary>The answer shown second; null if the round asks nothing.</summary>
    public ShownAnswer? Second { get; }

    /// <summary>
    /// The challenger of a round that asked nothing. The model finishes it while the person reads, until the next request; null until it is whole.
    /// </summary>
    internal UnshownAnswer? Unshown => _challenger.Task.IsCompleted ? _challenger.Task.Result : null;

    /// <summary>Completes with the challenger when it is whole, or with null when it is certain that there is none.</summary>
    internal Task<UnshownAnswer?> Challenger => _challenger.Task;

    /// <summary>The features of the one answer of a round that asked nothing, φ; empty if it asked.</summary>
    internal float[] Served { get; }

    /// <summary>How many distinct candidates were sampled.</summary>
    public int CandidateCount { get; }

    /// <summary>How uncertain the reward model is about the difference between the two answers.</summary>
    public double Uncertainty { get; }

    /// <summary>When the round was opened.</summary>
    public DateTimeOffset CreatedAt { get; }

    /// <summary>When the round stops accepting feedback.</summary>
    public DateTimeOffset ExpiresAt { get; }

    /// <summary>The feature map that z was computed with.</summary>
    internal FeatureMap Map { get; }

    /// <summary>z = φ(first) − φ(second), d numbers; empty if the round asks nothing.</summary>
    public ReadOnlySpan<float> Difference => _difference;

    /// <summary>Takes the challenger of a round that asked nothing.</summary>
    internal void Finish(Candidate challenger, ReadOnlySpan<float> features)
    {
        float[] difference = new float[Served.Length];
        TensorPrimitives.Subtract(Served, features, difference);
        _ = _challenger.TrySetResult(new UnshownAnswer(Show(challenger), difference, features.ToArray()));
    }

    /// <summary>Notes that no challenger is written any more.</summary>
    internal void End() => _challenger.TrySetResult(null);

    private static ShownAnswer Show(Candidate candidate) => new(candidate.Text, candidate.Tokens, candidate.Complete);

    private static float[] Subtract(CandidateSet set, int first, int second)
    {
        float[] difference = new float[set.Dimension];
        TensorPrimitives.Subtract(set.Features[first], set.Features[second], difference);
        return difference;
    }
}
