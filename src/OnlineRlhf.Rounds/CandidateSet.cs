using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;

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
        float[] features = new float[candidates.Count * map.Dimension];
        List<Candidate> usable = [];
        InferenceException? refusal = null;
        foreach (Candidate candidate in candidates)
        {
            try
            {
                map.Map(candidate.Hidden, request.LastUserTurn, candidate.Text, features.AsSpan(usable.Count * map.Dimension, map.Dimension));
                usable.Add(candidate);
            }
            catch (InferenceException e)
            {
                // Leave this answer out: the other answers may have usable features.
                refusal = e;
            }
        }
        return usable.Count > 0 ? new CandidateSet(request, usable, map, features[..(usable.Count * map.Dimension)]) : throw refusal!;
    }
}
