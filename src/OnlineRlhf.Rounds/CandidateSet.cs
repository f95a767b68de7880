using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Rounds;

/// <summary>The candidate answers to one request, with their features.</summary>
public sealed class CandidateSet
{
    private readonly float[] _features;

    internal CandidateSet(RoundRequest request, IReadOnlyList<Candidate> candidates, float[] features, int dimension)
    {
        Request = request;
        Candidates = candidates;
        _features = features;
        Dimension = dimension;
    }

    /// <summary>What was asked.</summary>
    public RoundRequest Request { get; }

    /// <summary>The answers: distinct, at least one.</summary>
    public IReadOnlyList<Candidate> Candidates { get; }

    /// <summary>d.</summary>
    public int Dimension { get; }

    /// <summary>The same candidates, seen by another profile.</summary>
    internal CandidateSet For(string profile) => new(Request with { Profile = profile }, Candidates, _features, Dimension);

    /// <summary>φ of each answer.</summary>
    public CandidateFeatures Features => new(_features, Dimension);
}
