using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Rules;

/// <summary>
/// Statistical rejection sampling among the n candidates of one prefill. The best is served. Its opponent is drawn from the others, and kept with
/// probability exp((r − r_max)/τ): this samples the language model's own distribution, tilted by the learned reward.
/// </summary>
/// <param name="temperature">τ: a small one draws near the best, a large one draws evenly.</param>
internal sealed class RejectionSampling(double temperature = 1) : ISelectionRule
{
    public string Name => "rejection sampling";

    public (int First, int Second) Select(IRewardModel model, CandidateFeatures candidates, Random random)
    {
        double[] scores = Ranking.Scores(model, candidates);
        int first = Array.IndexOf(scores, scores.Max());
        double highest = scores.Where((_, i) => i != first).Max();
        while (true)
        {
            int drawn = random.Next(scores.Length - 1);
            drawn = drawn >= first ? drawn + 1 : drawn;
            if (random.NextDouble() < Math.Exp((scores[drawn] - highest) / temperature))
                return (first, drawn);
        }
    }
}
