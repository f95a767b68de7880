using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Learning.Selection;

/// <summary>The deployment-time rule: leader = argmax φᵀθ, challenger = argmax over the others of φᵀθ + β‖φ − φ_leader‖ in the norm of 𝓗⁻¹.</summary>
/// <remarks>O(n d²) for n candidates, allocates nothing. Source: the deployment-time setting of arXiv 2502.07193, with the exact norm.</remarks>
public static class ExplorationRule
{
    /// <summary>Chooses the pair; the model's β weighs the uncertainty. Ties go to the lower index.</summary>
    /// <exception cref="ArgumentException">Fewer than two candidates, another dimension, or not finite features.</exception>
    public static Pair Select(OnePassRewardModel model, CandidateFeatures candidates)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Select(model, candidates, model.HyperParameters.Exploration);
    }

    /// <summary>The same for any model with a local norm: the experiments compare others under this rule.</summary>
    /// <param name="model">The model that scores.</param>
    /// <param name="candidates">φ of two or more candidates.</param>
    /// <param name="exploration">β, the weight of the uncertainty.</param>
    /// <exception cref="ArgumentException">Fewer than two candidates, another dimension, or not finite features.</exception>
    internal static Pair Select(ILocalNorm model, CandidateFeatures candidates, double exploration)
    {
        SelectionInput.Require(model, candidates);
        int leader = 0;
        double best = double.NegativeInfinity;
        for (int i = 0; i < candidates.Count; i++)
        {
            double score = model.Score(candidates[i]);
            if (score > best)
                (leader, best) = (i, score);
        }
        return Select(model, candidates, exploration, leader);
    }

    /// <summary>The same if the leader is chosen already.</summary>
    /// <exception cref="ArgumentException">Fewer than two candidates, another dimension, or not finite features.</exception>
    public static Pair Select(OnePassRewardModel model, CandidateFeatures candidates, int leader)
    {
        SelectionInput.Require(model, candidates);
        return Select(model, candidates, model.HyperParameters.Exploration, leader);
    }

    /// <summary>The candidate that the rule compares with an answer that is not among the candidates.</summary>
    /// <param name="model">The model that scores.</param>
    /// <param name="candidates">φ of the candidates.</param>
    /// <param name="leader">φ of the answer.</param>
    public static int Challenge(OnePassRewardModel model, CandidateFeatures candidates, ReadOnlySpan<float> leader)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Challenger(model, candidates, model.HyperParameters.Exploration, leader, except: -1).Index;
    }

    private static Pair Select(ILocalNorm model, CandidateFeatures candidates, double exploration, int leader)
    {
        (int challenger, double uncertainty) = Challenger(model, candidates, exploration, candidates[leader], except: leader);
        return new Pair(leader, challenger, uncertainty);
    }

    private static (int Index, double Uncertainty) Challenger(
        ILocalNorm model,
        CandidateFeatures candidates,
        double exploration,
        ReadOnlySpan<float> leader,
        int except
    )
    {
        (int Index, double Uncertainty) challenger = default;
        double highest = double.NegativeInfinity;
        for (int i = 0; i < candidates.Count; i++)
        {
            if (i == except)
                continue;
            double uncertainty = model.Uncertainty(candidates[i], leader);
            double bound = model.Score(candidates[i]) + exploration * uncertainty;
            if (bound > highest)
                (challenger, highest) = ((i, uncertainty), bound);
        }
        return challenger;
    }
}
