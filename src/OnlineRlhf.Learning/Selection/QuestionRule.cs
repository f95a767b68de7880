using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Learning.Selection;

/// <summary>
/// Decides whether to ask. It asks where some other candidate's φᵀθ + k‖φ − φ_leader‖, in the norm of 𝓗⁻¹, passes the leader's score.
/// It also asks after too many unasked rounds in a row: otherwise the daemon would never notice that a taste has changed.
/// </summary>
/// <remarks>At most O(n d²) for n candidates. It stops at the first candidate that passes. Allocates nothing.</remarks>
public sealed class QuestionRule
{
    private readonly double _k;

    /// <summary>Creates the rule.</summary>
    /// <param name="k">The weight of the uncertainty, at least 0: the smaller, the fewer questions.</param>
    /// <param name="maxUnaskedInARow">How many rounds in a row may go unasked, at least 0; 0 always asks.</param>
    /// <exception cref="ArgumentOutOfRangeException">k is negative or not finite, or the limit is negative.</exception>
    public QuestionRule(double k, int maxUnaskedInARow = 7)
    {
        if (!(k >= 0 && double.IsFinite(k)))
            throw new ArgumentOutOfRangeException(nameof(k), k, "k, the weight of the uncertainty, must be a finite number of at least 0.");
        ArgumentOutOfRangeException.ThrowIfNegative(maxUnaskedInARow);
        _k = k;
        MaxUnaskedInARow = maxUnaskedInARow;
    }

    /// <summary>How many rounds in a row may go unasked.</summary>
    internal int MaxUnaskedInARow { get; }

    /// <summary>
    /// Whether a comparison with the leader is due, or could change which candidate leads. A candidate with the leader's own features never counts.
    /// </summary>
    /// <param name="model">The model that scored the candidates.</param>
    /// <param name="candidates">φ of two or more candidates.</param>
    /// <param name="leader">Index of argmax φᵀθ.</param>
    /// <param name="unaskedInARow">How many rounds before this one went unasked, at least 0.</param>
    /// <exception cref="ArgumentException">Fewer than two candidates, another dimension, not finite features, a number out of range.</exception>
    public bool IsUseful(OnePassRewardModel model, CandidateFeatures candidates, int leader, int unaskedInARow)
    {
        SelectionInput.Require(model, candidates);
        ArgumentOutOfRangeException.ThrowIfNegative(leader);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(leader, candidates.Count);
        ArgumentOutOfRangeException.ThrowIfNegative(unaskedInARow);
        if (unaskedInARow >= MaxUnaskedInARow)
            return true;
        double score = model.Score(candidates[leader]);
        for (int i = 0; i < candidates.Count; i++)
        {
            if (i == leader || candidates[i].SequenceEqual(candidates[leader]))
                continue;
            if (model.Score(candidates[i]) + _k * model.Uncertainty(candidates[i], candidates[leader]) > score)
                return true;
        }
        return false;
    }
}
