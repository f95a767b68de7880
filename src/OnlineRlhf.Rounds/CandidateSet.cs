using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Rounds;

/// <summary>The candidate answers to one request, with their features.</summary>
public sealed class CandidateSet
{
    private readonly float[] _features;

    internal CandidateSet(RoundRequest request, IReadOnlyList<Candidate> candidates, FeatureMap map, float[] features)
    {
        Request = request;
        Candidates = candidates;
        Map = map;
        _features = features;
    }

    /// <summary>What was asked.</summary>
    public RoundRequest Request { get; }

    /// <summary>The answers: distinct, at least one.</summary>
    public IReadOnlyList<Candidate> Candidates { get; }

    /// <summary>d.</summary>
    public int Dimension => Map.Dimension;

    /// <summary>φ.</summary>
    internal FeatureMap Map { get; }

    /// <summary>The same candidates, seen by another profile.</summary>
    internal CandidateSet For(string profile) => new(Request with { Profile = profile }, Candidates, Map, _features);

    /// <summary>φ of each answer.</summary>
    public CandidateFeatures Features => new(_features, Dimension);
}
