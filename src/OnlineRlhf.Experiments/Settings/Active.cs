using System.Diagnostics;
using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Rules;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Settings;

/// <summary>
/// Active: each round offers a pool of requests. The learner chooses one request, and the pair of its candidates that a person compares.
/// The final policy scores with the average iterate.
/// </summary>
internal static class Active
{
    internal const int Pool = 8;

    /// <param name="bandit">The problem.</param>
    /// <param name="learner">The learner.</param>
    /// <param name="asksTheMostUncertain">Whether the most uncertain pair of the pool is asked, or a random one.</param>
    /// <param name="measuredAt">Rounds after which accuracy, seconds and memory are measured; the last one is T.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static Outcome Run(Bandit bandit, Learner learner, bool asksTheMostUncertain, int[] measuredAt, CancellationToken cancellationToken)
    {
        var outcome = new Outcome();
        var test = new TestSet(bandit);
        IRewardModel model = learner.Create(Bandit.Dimension, measuredAt[^1]);
        double[] average = new double[Bandit.Dimension];
        var uniform = new RandomPair();
        Random random = bandit.RandomOf(Purpose.Learning);
        var spent = new Stopwatch();
        int round = 0;
        foreach (Bandit.Request[] pool in bandit.Requests(Purpose.Learning).Chunk(Pool).Take(measuredAt[^1]))
        {
            cancellationToken.ThrowIfCancellationRequested();
            spent.Start();
            Bandit.Request asked = pool[0];
            (int first, int second) = uniform.Select(model, asked.Candidates, random);
            if (asksTheMostUncertain)
                (asked, first, second) = MostUncertain(model, pool);
            model.Observe(new Comparison(asked.Difference(first, second), bandit.Answer(asked, first, second)));
            ReadOnlySpan<double> parameter = model.Parameter;
            spent.Stop();
            round++;
            for (int i = 0; i < average.Length; i++)
                average[i] += (parameter[i] - average[i]) / round;
            if (Array.IndexOf(measuredAt, round) < 0)
                continue;
            outcome.Numbers[$"accuracy@{round}"] = test.Accuracy(parameter);
            outcome.Numbers[$"average accuracy@{round}"] = test.Accuracy(average);
            outcome.Numbers[$"average suboptimality@{round}"] = test.Suboptimality(TestSet.Greedy([.. average]));
            outcome.Numbers[$"error@{round}"] = Deployment.Distance(parameter, bandit.Truth) / bandit.Norm;
            outcome.Numbers[$"bytes@{round}"] = Learner.StateBytes(model);
            outcome.Times[$"seconds@{round}"] = spent.Elapsed.TotalSeconds;
        }
        outcome.Numbers["ceiling"] = test.Ceiling();
        return outcome;
    }

    private static (Bandit.Request Asked, int First, int Second) MostUncertain(IRewardModel model, Bandit.Request[] pool)
    {
        Bandit.Request asked = pool[0];
        (int First, int Second, double Uncertainty) most = (0, 1, -1);
        foreach (Bandit.Request request in pool)
        {
            (int First, int Second, double Uncertainty) found = MostUncertainPair.Find(model, request.Candidates);
            if (found.Uncertainty > most.Uncertainty)
                (asked, most) = (request, found);
        }
        return (asked, most.First, most.Second);
    }
}
