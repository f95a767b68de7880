using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Rounds;

/// <summary>The candidate answers to one request, with their features.</summary>
public sealed class CandidateSet
{
    private readonly float[] _features;

    private CandidateSet(RoundRequest request, IReadOnlyList<Candidate> candidates, FeatureMap map, float[] features)
    {
        Request = request;
        Candidates = candidates;
        Map = map;
        _features = features;
    }

    /// <summary>The request that the answers are for.</summary>
    public RoundRequest Request { get; }

    /// <summary>The answers: distinct, and at least one.</summary>
    public IReadOnlyList<Candidate> Candidates { get; }

    /// <summary>The number of features, d.</summary>
    public int Dimension => Map.Dimension;

    /// <summary>The feature map, φ.</summary>
    internal FeatureMap Map { get; }

    /// <summary>The same candidates as a request of another profile.</summary>
    public CandidateSet For(string profile) => new(Request with { Profile = profile }, Candidates, Map, _features);

    /// <summary>The features of each answer, φ.</summary>
    public CandidateFeatures Features => new(_features, Dimension);

    /// <summary>Maps answers to features. Leaves out answers whose features are not finite numbers.</summary>
    /// <exception cref="InferenceException">No answer has usable features.</exception>
    internal static CandidateSet Of(RoundRequest request, FeatureMap map, IReadOnlyList<Candidate> candidates)
    {
        MappedAnswers mapped = MappedAnswers.Of(map, request, candidates.Select(c => (c.Hidden, c.Text)));
        return new CandidateSet(request, [.. mapped.Usable.Select(i => candidates[i])], map, mapped.Features);
    }
}
