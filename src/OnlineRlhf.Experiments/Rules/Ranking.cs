using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Rules;

/// <summary>Candidates by their learned reward.</summary>
internal static class Ranking
{
    /// <summary>Indices from the best score to the worst; ties go to the lower index.</summary>
    internal static int[] Of(IRewardModel model, CandidateFeatures candidates)
    {
        double[] scores = Scores(model, candidates);
        int[] order = [.. Enumerable.Range(0, scores.Length)];
        Array.Sort(order, (a, b) => scores[a] != scores[b] ? scores[b].CompareTo(scores[a]) : a.CompareTo(b));
        return order;
    }

    internal static double[] Scores(IRewardModel model, CandidateFeatures candidates)
    {
        double[] scores = new double[candidates.Count];
        for (int i = 0; i < scores.Length; i++)
            scores[i] = model.Score(candidates[i]);
        return scores;
    }

    /// <summary>The index of the best score.</summary>
    internal static int Best(IRewardModel model, CandidateFeatures candidates)
    {
        int best = 0;
        double highest = model.Score(candidates[0]);
        for (int i = 1; i < candidates.Count; i++)
        {
            double score = model.Score(candidates[i]);
            if (score > highest)
                (best, highest) = (i, score);
        }
        return best;
    }
}
