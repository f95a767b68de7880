using System.Diagnostics;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Settings;

/// <summary>Pairs that people have compared. The seed decides which quarter of the prompts is held out; the rest is learned.</summary>
internal static class HumanPreferences
{
    internal const int Bins = 10,
        Chunks = 20,
        Pool = 16;

    /// <summary>
    /// Passive and deployment in one run. Pairs come in a random order. Before a pair is learned, a policy says which of the two answers it would
    /// serve; it is renewed <see cref="Chunks"/> times. Both answers are shown whatever it says, so that the two settings learn the same.
    /// </summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="learner">The learner; null for one that sees the length of the answers alone.</param>
    /// <param name="seed">Decides the split and the order.</param>
    /// <param name="measuredAt">After how many pairs accuracy is measured, besides after all.</param>
    /// <param name="shuffled">The labels of what is learned are a fair coin's: a control.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static Outcome Run(
        PreferenceFeatures pairs,
        Learner? learner,
        int seed,
        int[] measuredAt,
        bool shuffled,
        CancellationToken cancellationToken
    )
    {
        var outcome = new Outcome();
        (int[] train, int[] test) = Split(pairs, seed);
        var coin = new Random(unchecked((seed * 7919) + 13));
        int dimension = learner is null ? 1 : pairs.Dimension;
        IRewardModel model = (learner ?? Learner.Exact).Create(dimension, train.Length);
        double[] policy = new double[dimension];
        double served = 0;
        for (int i = 0, chunk = 0; i < train.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (i == train.Length * chunk / Chunks)
            {
                model.Parameter.CopyTo(policy);
                chunk++;
            }
            served += Foresees(Features(train[i]), policy);
            model.Observe(new Comparison(Features(train[i]), shuffled ? coin.Next(2) : 1));
            if (measuredAt.Contains(i + 1))
                outcome.Numbers[$"accuracy@{i + 1}"] = Accuracy();
        }
        outcome.Numbers["accuracy@all"] = Accuracy();
        outcome.Numbers["served"] = served / train.Length;
        outcome.Numbers["learned"] = train.Length;
        outcome.Numbers["tested"] = test.Length;
        Calibrate(outcome, model, test);
        return outcome;

        double Accuracy()
        {
            double[] parameter = model.Parameter.ToArray();
            return test.Average(p => Foresees(Features(p), parameter));
        }

        ReadOnlySpan<float> Features(int pair) => learner is null ? pairs.Lengths.AsSpan(pair, 1) : pairs[pair];

        void Calibrate(Outcome into, IRewardModel learned, int[] held)
        {
            // A coin decides which answer comes first. Otherwise the observed one always would.
            var order = new Random(unchecked((seed * 104729) + 5));
            double[] predicted = new double[Bins],
                observed = new double[Bins],
                count = new double[Bins];
            double logLoss = 0;
            foreach (int pair in held)
            {
                bool chosenFirst = order.Next(2) == 0;
                double margin = learned.Score(Features(pair)),
                    probability = Bandit.Sigmoid(chosenFirst ? margin : -margin);
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

    /// <summary>
    /// Active: of each pool of <see cref="Pool"/> pairs the learner has one compared, and the others come back later. These are the paper's Rand and
    /// Active, with the answers of people.
    /// </summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="learner">The learner, which knows its uncertainty.</param>
    /// <param name="asksTheMostUncertain">Whether the most uncertain pair of the pool is asked about, or the first.</param>
    /// <param name="seed">Decides the split and the pools.</param>
    /// <param name="measuredAt">After how many pairs accuracy is measured; the last ends it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static Outcome RunActive(
        PreferenceFeatures pairs,
        Learner learner,
        bool asksTheMostUncertain,
        int seed,
        int[] measuredAt,
        CancellationToken cancellationToken
    )
    {
        var outcome = new Outcome();
        (int[] train, int[] test) = Split(pairs, seed);
        List<int> unasked = [.. train];
        var model = (ILocalNorm)learner.Create(pairs.Dimension, measuredAt[^1]);
        var random = new Random(unchecked((seed * 31337) + 7));
        var spent = new Stopwatch();
        for (int asked = 1; asked <= measuredAt[^1] && unasked.Count >= Pool; asked++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            // The pool is the end of the list, drawn anew each time.
            for (int i = 1; i <= Pool; i++)
            {
                int other = random.Next(unasked.Count - i + 1);
                (unasked[^i], unasked[other]) = (unasked[other], unasked[^i]);
            }
            spent.Start();
            int chosen = asksTheMostUncertain
                ? Enumerable.Range(unasked.Count - Pool, Pool).MaxBy(i => model.Uncertainty(pairs[unasked[i]]))
                : unasked.Count - 1;
            model.Observe(new Comparison(pairs[unasked[chosen]], 1));
            double[] parameter = model.Parameter.ToArray();
            spent.Stop();
            unasked.RemoveAt(chosen);
            if (!measuredAt.Contains(asked))
                continue;
            outcome.Numbers[$"accuracy@{asked}"] = test.Average(p => Foresees(pairs[p], parameter));
            outcome.Times[$"seconds@{asked}"] = spent.Elapsed.TotalSeconds;
        }
        return outcome;
    }

    /// <summary>1 where θ scores the chosen answer above the other, ½ where it does not know.</summary>
    private static double Foresees(ReadOnlySpan<float> difference, ReadOnlySpan<double> parameter) =>
        (1 + Math.Sign(LinearReward.Dot(difference, parameter))) / 2.0;

    /// <summary>Three quarters of the prompts to learn from, in random order, and a quarter to test on: no prompt is in both.</summary>
    internal static (int[] Train, int[] Test) Split(PreferenceFeatures pairs, int seed)
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
