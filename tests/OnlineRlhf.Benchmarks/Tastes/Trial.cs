using System.Numerics.Tensors;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Selection;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Pipeline;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>
/// One simulated person presses on training requests, among answers that were sampled once and are chosen whole. What would be served is measured on
/// the held-out requests.
/// </summary>
internal static class Trial
{
    /// <summary>What is served after each checkpoint: for each held-out request, the index of the candidate in its set.</summary>
    /// <param name="candidates">The sampled answers.</param>
    /// <param name="features">Their features.</param>
    /// <param name="taste">What the person likes.</param>
    /// <param name="kind">Which candidates a round has.</param>
    /// <param name="split">Which requests are held out.</param>
    /// <param name="checkpoints">After how many presses it is measured, in rising order.</param>
    /// <param name="seed">Decides the requests' order, the candidates and the person's mistakes.</param>
    internal static int[][] Run(
        Candidates candidates,
        FeatureTable features,
        MixedTaste taste,
        LearnerKind kind,
        Split split,
        IReadOnlyList<int> checkpoints,
        int seed
    )
    {
        var random = new Random(seed);
        var model = new OnePassRewardModel(features.Dimension, new RoundOptions().HyperParameters);
        var selector = new HintSelector(candidates.Hints, features.Dimension);
        float[] difference = new float[features.Dimension];
        int[][] served = new int[checkpoints.Count][];
        int[] order = [.. split.Training];
        for (int press = 0, checkpoint = 0; checkpoint < checkpoints.Count; press++)
        {
            if (press == checkpoints[checkpoint])
                served[checkpoint++] = [.. split.HeldOut.Select(Serve)];
            if (press % order.Length == 0)
                random.Shuffle(order);
            int request = order[press % order.Length];
            int[] assigned = Assign(request);
            CandidateFeatures seen = features.Of(request, assigned);
            if (kind.Adaptive)
                selector.Remember([.. assigned.Select(c => candidates.Pool(request)[c].Hint)], seen);
            Pair pair = ExplorationRule.Select(model, seen);
            double[] utilities = taste.Utilities[Candidates.Set(request, kind.Hinted)];
            bool leaderPreferred = random.NextDouble() < taste.Preference(utilities[assigned[pair.Leader]], utilities[assigned[pair.Challenger]]);
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

        int Serve(int request)
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
            return assigned[leader];
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
