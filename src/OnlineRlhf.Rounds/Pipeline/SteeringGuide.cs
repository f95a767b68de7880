using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>Steers a round's answer: it maps what is written so far to features, and has the person's reward model choose.</summary>
/// <param name="map">The profile's feature map.</param>
/// <param name="request">The request.</param>
/// <param name="choose">Chooses the pair among the first blocks, and decides whether to ask.</param>
/// <param name="score">The predicted reward of features.</param>
/// <param name="settled">Receives the leader's text and the challenger's, as far as they are certain.</param>
internal sealed class SteeringGuide(FeatureMap map, RoundRequest request, PairChooser choose, RewardScorer score, Action<string, string?> settled)
    : IAnswerGuide
{
    /// <summary>The style hints of the first blocks that have features.</summary>
    internal List<string?> Hints { get; } = [];

    /// <summary>φ of the first blocks: of what was written until then, or of the whole answer if it ended there.</summary>
    internal float[] Features { get; private set; } = [];

    /// <summary>What was chosen among <see cref="Hints"/>.</summary>
    internal Choice Choice { get; private set; }

    public (int Leader, int? Challenger) ChooseFirst(IReadOnlyList<PartialAnswer> branches)
    {
        MappedAnswers mapped = MappedAnswers.Of(map, request, branches.Select(b => (b.Hidden, b.Text)));
        Features = mapped.Features;
        Hints.AddRange(mapped.Usable.Select(i => branches[i].Hint));
        Choice = choose(new CandidateFeatures(Features, map.Dimension));
        return (mapped.Usable[Choice.Leader], Choice.Challenger is { } challenger ? mapped.Usable[challenger] : null);
    }

    public int Choose(IReadOnlyList<PartialAnswer> branches)
    {
        float[] features = new float[map.Dimension];
        (int best, double highest) = (0, double.NegativeInfinity);
        for (int i = 0; i < branches.Count; i++)
        {
            try
            {
                map.Map(branches[i].Hidden, request.LastUserTurn, branches[i].Text, features);
            }
            catch (InferenceException)
            {
                // A branch without features cannot be learned from, so it is not continued.
                continue;
            }
            double reward = score(features);
            if (reward > highest)
                (best, highest) = (i, reward);
        }
        return best;
    }

    public void Settled(string leader, string? challenger) => settled(leader, challenger);

    /// <summary>Replaces the features of a first block by those of the answer that it became.</summary>
    internal void Finish(int candidate, ReadOnlySpan<float> whole) => whole.CopyTo(Features.AsSpan(candidate * map.Dimension, map.Dimension));
}

/// <summary>Chooses among candidates.</summary>
internal delegate Choice PairChooser(CandidateFeatures features);

/// <summary>The predicted reward of an answer.</summary>
internal delegate double RewardScorer(ReadOnlySpan<float> features);
