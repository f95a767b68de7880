using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Rules;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Settings;

/// <summary>
/// Passive: comparisons of random pairs arrive by themselves. The final policy is pessimistic where the learner knows its uncertainty.
/// </summary>
internal static class Passive
{
    internal static Outcome Run(Bandit bandit, Learner learner, double beta, int[] measuredAt, CancellationToken cancellationToken)
    {
        var outcome = new Outcome();
        var test = new TestSet(bandit);
        IRewardModel model = learner.Create(Bandit.Dimension, measuredAt[^1]);
        var rule = new RandomPair();
        Random random = bandit.RandomOf(Purpose.Learning);
        double kappa = 0;
        int round = 0;
        foreach (Bandit.Request request in bandit.Requests(Purpose.Learning).Take(measuredAt[^1]))
        {
            if ((round & 1023) == 0)
                cancellationToken.ThrowIfCancellationRequested();
            (int first, int second) = rule.Select(model, request.Candidates, random);
            model.Observe(new Comparison(request.Difference(first, second), bandit.Answer(request, first, second)));
            kappa = Math.Max(kappa, 1 / LogisticLoss.Curvature(request.Rewards[first] - request.Rewards[second]));
            if (Array.IndexOf(measuredAt, ++round) < 0)
                continue;
            double[] parameter = model.Parameter.ToArray();
            outcome.Numbers[$"accuracy@{round}"] = test.Accuracy(parameter);
            outcome.Numbers[$"error@{round}"] = Deployment.Distance(parameter, bandit.Truth);
            outcome.Numbers[$"suboptimality@{round}"] = test.Suboptimality(TestSet.Greedy(parameter));
            if (model is ILocalNorm norm)
                outcome.Numbers[$"pessimistic suboptimality@{round}"] = test.Suboptimality(TestSet.Pessimistic(norm, beta));
        }
        outcome.Numbers["kappa"] = kappa;
        outcome.Numbers["ceiling"] = test.Ceiling();
        return outcome;
    }
}
