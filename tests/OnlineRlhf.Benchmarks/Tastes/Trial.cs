using System.Numerics.Tensors;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Selection;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>One simulated person presses a hundred times on training requests; what would be served is measured on the held-out ones.</summary>
internal static class Trial
{
    /// <summary>After how many presses it is measured.</summary>
    internal static readonly int[] Checkpoints = [10, 25, 50, 100];

    /// <summary>The mean utility of the served answer on held-out requests, after each checkpoint.</summary>
    internal static double[] Run(Candidates candidates, FeatureTable features, MixedTaste taste, LearnerKind kind, Split split, int seed)
    {
        var random = new Random(seed);
        var model = new OnePassRewardModel(features.Dimension, new RoundOptions().HyperParameters);
        var selector = new HintSelector(candidates.Hints, features.Dimension);
        float[] difference = new float[features.Dimension];
        double[] served = new double[Checkpoints.Length];
        int[] order = [.. split.Training];
        for (int press = 0, checkpoint = 0; checkpoint < Checkpoints.Length; press++)
        {
            if (press == Checkpoints[checkpoint])
                served[checkpoint++] = split.HeldOut.Average(request => Serve(request));
            if (press % order.Length == 0)
                random.Shuffle(order);
            int request = order[press % order.Length];
            int[] assigned = Assign(request);
            CandidateFeatures seen = features.Of(request, assigned);
            if (kind.Adaptive)
                selector.Remember([.. assigned.Select(c => candidates.Pool(request)[c].Hint)], seen);
            Pair pair = ExplorationRule.Select(model, seen);
            double[] utilities = taste.Utilities[Candidates.Set(request, kind.Hinted)];
            double odds = taste.Sharpness * (utilities[assigned[pair.Leader]] - utilities[assigned[pair.Challenger]]);
            bool leaderPreferred = random.NextDouble() < 1 / (1 + Math.Exp(-odds));
            TensorPrimitives.Subtract(seen[pair.Leader], seen[pair.Challenger], difference);
            model.Observe(new Comparison(difference, leaderPreferred ? 1 : 0));
        }
        return served;

        int[] Assign(int request)
        {
            uint deal = (uint)random.Next();
            return kind.Hinted
                ? candidates.Assign(
                    request,
                    kind.Adaptive
                        ? selector.Assign(model, Candidates.Assigned, deal)
                        : StyleHints.Assign(candidates.Hints, Candidates.Assigned, deal),
                    deal
                )
                : [.. Enumerable.Range(0, candidates.Sets[Candidates.Set(request, hinted: false)].Candidates.Count)];
        }

        double Serve(int request)
        {
            int[] assigned = Assign(request);
            CandidateFeatures seen = features.Of(request, assigned);
            int leader = 0;
            double best = double.NegativeInfinity;
            for (int c = 0; c < seen.Count; c++)
            {
                double score = model.Score(seen[c]);
                if (score > best)
                    (leader, best) = (c, score);
            }
            return taste.Utilities[Candidates.Set(request, kind.Hinted)][assigned[leader]];
        }
    }

    /// <summary>What somebody who knows the taste would serve.</summary>
    internal static double Best(Candidates candidates, MixedTaste taste, bool hinted, IReadOnlyList<int> requests) =>
        requests.Average(r =>
        {
            double[] utilities = taste.Utilities[Candidates.Set(r, hinted)];
            return hinted
                ? candidates.Assign(r, StyleHints.Assign(candidates.Hints, Candidates.Assigned, 0), (uint)r).Max(c => utilities[c])
                : utilities.Max();
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
