using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Selection;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>One simulated person presses a hundred times on training requests; what would be served is measured on the held-out ones.</summary>
internal static class Trial
{
    /// <summary>After how many presses it is measured.</summary>
    internal static readonly int[] Checkpoints = [10, 25, 50, 100];

    /// <summary>The mean utility of the served answer on held-out requests, after each checkpoint.</summary>
    internal static double[] Run(FeatureTable features, MixedTaste taste, LearnerKind kind, Split split, int seed)
    {
        bool hinted = kind.Hinted;
        var random = new Random(seed);
        var model = new OnePassRewardModel(features.Dimension, kind.HyperParameters);
        float[] difference = new float[features.Dimension];
        double[] served = new double[Checkpoints.Length];
        int[] order = [.. split.Training];
        for (int press = 0, checkpoint = 0; checkpoint < Checkpoints.Length; press++)
        {
            if (press == Checkpoints[checkpoint])
                served[checkpoint++] = Serve(model, features, taste, hinted, split.HeldOut);
            if (press % order.Length == 0)
                random.Shuffle(order);
            int request = order[press % order.Length];
            var candidates = new CandidateFeatures(features[request], features.Dimension);
            Pair pair = ExplorationRule.Select(model, candidates);
            double[] utilities = taste.Utilities[Candidates.Set(request, hinted)];
            double odds = taste.Sharpness * (utilities[pair.Leader] - utilities[pair.Challenger]);
            bool leaderPreferred = random.NextDouble() < 1 / (1 + Math.Exp(-odds));
            for (int k = 0; k < difference.Length; k++)
                difference[k] = candidates[pair.Leader][k] - candidates[pair.Challenger][k];
            model.Observe(new Comparison(difference, leaderPreferred ? 1 : 0));
        }
        return served;
    }

    /// <summary>What somebody who knows the taste would serve.</summary>
    internal static double Best(MixedTaste taste, bool hinted, IReadOnlyList<int> requests) =>
        requests.Average(r => taste.Utilities[Candidates.Set(r, hinted)].Max());

    private static double Serve(OnePassRewardModel model, FeatureTable features, MixedTaste taste, bool hinted, IReadOnlyList<int> requests) => requests.Average(request =>
    {
        var candidates = new CandidateFeatures(features[request], features.Dimension);
        int leader = 0;
        double best = double.NegativeInfinity;
        for (int c = 0; c < candidates.Count; c++)
        {
            double score = model.Score(candidates[c]);
            if (score > best)
                (leader, best) = (c, score);
        }
        return taste.Utilities[Candidates.Set(request, hinted)][leader];
    });
}

/// <summary>Requests that are learned on, and the third that is only measured on.</summary>
internal sealed record Split(IReadOnlyList<int> Training, IReadOnlyList<int> HeldOut)
{
    internal static Split Draw(int requests, int seed)
    {
        int[] order = [.. Enumerable.Range(0, requests)];
        new Random(seed).Shuffle(order);
        return new Split(order[..^(requests / 3)], order[^(requests / 3)..]);
    }
}
