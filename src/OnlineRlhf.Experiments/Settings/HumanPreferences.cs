using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Settings;

/// <summary>Passive learning from pairs that people have compared: a quarter of the prompts is held out, the rest comes in a random order, by the seed.</summary>
internal static class HumanPreferences
{
    internal const int Bins = 10;

    /// <param name="pairs">The pairs.</param>
    /// <param name="learner">The learner; null for the length of the answers alone, which gets a learner of its own.</param>
    /// <param name="seed">Decides the split and the order.</param>
    /// <param name="measuredAt">After how many pairs accuracy is measured, besides after all.</param>
    /// <param name="shuffled">The labels of what is learned are a fair coin's: a control.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static Outcome Run(PreferenceFeatures pairs, Learner? learner, int seed, int[] measuredAt, bool shuffled, CancellationToken cancellationToken)
    {
        var outcome = new Outcome();
        (int[] train, int[] test) = Split(pairs, seed);
        var coin = new Random(unchecked((seed * 7919) + 13));
        int dimension = learner is null ? 1 : pairs.Dimension;
        IRewardModel model = (learner ?? Learner.Exact).Create(dimension, train.Length);
        for (int i = 0; i < train.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            model.Observe(new Comparison(Features(train[i]), shuffled ? coin.Next(2) : 1));
            if (measuredAt.Contains(i + 1))
                outcome.Numbers[$"accuracy@{i + 1}"] = Accuracy();
        }
        outcome.Numbers["accuracy@all"] = Accuracy();
        outcome.Numbers["learned"] = train.Length;
        outcome.Numbers["tested"] = test.Length;
        Calibrate(outcome, model, test);
        return outcome;

        double Accuracy()
        {
            double[] parameter = model.Parameter.ToArray();
            return test.Average(p => (1 + Math.Sign(LinearReward.Dot(Features(p), parameter))) / 2.0);
        }

        ReadOnlySpan<float> Features(int pair) => learner is null ? pairs.Lengths.AsSpan(pair, 1) : pairs[pair];

        void Calibrate(Outcome into, IRewardModel learned, int[] held)
        {
            // The order of a pair is a coin's, or the observed answer would always be the first.
            var order = new Random(unchecked((seed * 104729) + 5));
            double[] predicted = new double[Bins], observed = new double[Bins], count = new double[Bins];
            double logLoss = 0;
            foreach (int pair in held)
            {
                bool chosenFirst = order.Next(2) == 0;
                double margin = learned.Score(Features(pair)), probability = Bandit.Sigmoid(chosenFirst ? margin : -margin);
                int bin = Math.Min((int)(probability * Bins), Bins - 1);
                predicted[bin] += probability;
                observed[bin] += chosenFirst ? 1 : 0;
                count[bin]++;
                logLoss -= Math.Log(Math.Max(Bandit.Sigmoid(margin), 1e-12));
            }
            for (int i = 0; i < Bins; i++)
            {
                into.Numbers[$"bin {i} predicted"] = predicted[i];
                into.Numbers[$"bin {i} observed"] = observed[i];
                into.Numbers[$"bin {i} count"] = count[i];
            }
            into.Numbers["log loss"] = logLoss / held.Length;
        }
    }

    private static (int[] Train, int[] Test) Split(PreferenceFeatures pairs, int seed)
    {
        var random = new Random(seed);
        int[] prompts = [.. pairs.Prompts.Distinct().Order()];
        random.Shuffle(prompts);
        HashSet<int> held = [.. prompts.Take(prompts.Length / 4)];
        int[] train = [.. Enumerable.Range(0, pairs.Count).Where(i => !held.Contains(pairs.Prompts[i]))];
        random.Shuffle(train);
        return (train, [.. Enumerable.Range(0, pairs.Count).Where(i => held.Contains(pairs.Prompts[i]))]);
    }
}
