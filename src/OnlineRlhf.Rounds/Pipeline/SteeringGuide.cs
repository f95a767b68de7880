using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>
/// Steers a round's answer: it predicts the features of the whole answers from what is written so far, and has the person's reward model choose.
/// </summary>
/// <param name="map">The profile's feature map.</param>
/// <param name="request">The request.</param>
/// <param name="forecast">Predicts the features of whole answers.</param>
/// <param name="choose">Chooses the pair among the first blocks, and decides whether to ask.</param>
/// <param name="score">The predicted reward of features.</param>
/// <param name="settled">Receives the leader's text and the challenger's, as far as they are certain.</param>
internal sealed class SteeringGuide(
    FeatureMap map,
    RoundRequest request,
    AnswerForecast forecast,
    PairChooser choose,
    RewardScorer score,
    Action<string, string?> settled
) : IAnswerGuide
{
    private readonly List<Beginning> _beginnings = [];

    /// <summary>Serves the leader if nothing is asked, and returns what ends the challenger.</summary>
    internal Func<Candidate, CancellationToken> Serve { private get; set; } = _ => new CancellationToken(canceled: true);

    /// <summary>The style hints of the first blocks that have features.</summary>
    internal List<string?> Hints { get; } = [];

    /// <summary>φ of the first blocks: predicted, or of the whole answer if it ended there.</summary>
    internal float[] Features { get; private set; } = [];

    /// <summary>What was chosen among <see cref="Hints"/>.</summary>
    internal PairChoice Choice { get; private set; }

    public FirstChoice ChooseFirst(IReadOnlyList<PartialAnswer> branches)
    {
        // If a GPU fails, the generation begins anew.
        _beginnings.Clear();
        Hints.Clear();
        (MappedAnswers mapped, Features) = Predict(branches);
        Hints.AddRange(mapped.Usable.Select(i => branches[i].Hint));
        Choice = choose(new CandidateFeatures(Features, map.Dimension));
        Note(branches, mapped, Choice.Leader, isLeader: true);
        if (Choice.Challenger is { } challenger)
            Note(branches, mapped, challenger, isLeader: false);
        return new FirstChoice(mapped.Usable[Choice.Leader], Choice.Challenger is { } other ? mapped.Usable[other] : null, Choice.IsAsked);
    }

    public int Choose(IReadOnlyList<PartialAnswer> branches)
    {
        MappedAnswers mapped;
        float[] predicted;
        try
        {
            (mapped, predicted) = Predict(branches);
        }
        catch (InferenceException)
        {
            // No branch has features. The round finds that out when the answer is whole.
            return 0;
        }
        (int best, double highest) = (0, double.NegativeInfinity);
        for (int i = 0; i < mapped.Usable.Count; i++)
        {
            double reward = score(predicted.AsSpan(i * map.Dimension, map.Dimension));
            if (reward > highest)
                (best, highest) = (i, reward);
        }
        Note(branches, mapped, best, isLeader: true);
        return mapped.Usable[best];
    }

    public void Settled(string leader, string? challenger) => settled(leader, challenger);

    public CancellationToken Served(Candidate leader) => Serve(leader);

    /// <summary>Replaces the prediction for a first block by the features of the whole answer, and lets the forecast learn from it.</summary>
    /// <param name="isLeader">Whether it is the leader that is whole, or the challenger.</param>
    /// <param name="whole">φ of the whole answer.</param>
    internal void Finish(bool isLeader, ReadOnlySpan<float> whole)
    {
        int candidate = isLeader ? Choice.Leader : Choice.Challenger ?? Choice.Leader;
        whole.CopyTo(Features.AsSpan(candidate * map.Dimension, map.Dimension));
        foreach (Beginning beginning in _beginnings)
        {
            if (beginning.IsLeader == isLeader)
                forecast.Learn(map, beginning.Tokens, beginning.Hint, beginning.Features, whole);
        }
    }

    private (MappedAnswers Mapped, float[] Predicted) Predict(IReadOnlyList<PartialAnswer> branches)
    {
        MappedAnswers mapped = MappedAnswers.Of(map, request, branches.Select(b => (b.Hidden, b.Text)));
        float[] predicted = [.. mapped.Features];
        foreach ((int row, int index) in mapped.Usable.Index())
        {
            PartialAnswer branch = branches[index];
            if (!branch.HasEnded)
                forecast.Predict(map, branch.Hidden.Tokens, branch.Hint, predicted.AsSpan(row * map.Dimension, map.Dimension));
        }
        return (mapped, predicted);
    }

    /// <summary>Keeps the features of a beginning until its answer is whole.</summary>
    private void Note(IReadOnlyList<PartialAnswer> branches, MappedAnswers mapped, int row, bool isLeader)
    {
        PartialAnswer branch = branches[mapped.Usable[row]];
        if (!branch.HasEnded)
            _beginnings.Add(
                new Beginning(isLeader, branch.Hidden.Tokens, branch.Hint, mapped.Features[(row * map.Dimension)..((row + 1) * map.Dimension)])
            );
    }

    /// <summary>A beginning that was continued.</summary>
    private sealed record Beginning(bool IsLeader, int Tokens, string? Hint, float[] Features);
}

/// <summary>Chooses among candidates.</summary>
internal delegate PairChoice PairChooser(CandidateFeatures features);

/// <summary>Chooses the candidate that is served.</summary>
internal delegate int LeaderChooser(OnePassRewardModel learned, CandidateFeatures candidates);

/// <summary>The predicted reward of an answer.</summary>
internal delegate double RewardScorer(ReadOnlySpan<float> features);
