using OnlineRlhf.Experiments.Learners;
using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Rules;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Settings;

/// <summary>Deployment time: the learner answers requests, asks about a pair of its choice, and learns from the answer.</summary>
internal static class Deployment
{
    /// <summary>
    /// Plays rounds one after the other, and learns each before the next. At the given rounds it measures the cumulative regret of the pair,
    /// max_b r* − ½ (r*(a) + r*(a′)), that of the served answer, max_b r* − r*(served), and the pair's regret beyond that of the two best.
    /// </summary>
    internal static Outcome Run(Bandit bandit, Learner learner, ISelectionRule rule, int[] measuredAt, CancellationToken cancellationToken)
    {
        var outcome = new Outcome();
        IRewardModel model = learner.Create(Bandit.Dimension, measuredAt[^1]);
        Random random = bandit.RandomOf(Purpose.Learning);
        double regret = 0,
            served = 0,
            excess = 0;
        int round = 0;
        foreach (Bandit.Request request in bandit.Requests(Purpose.Learning).Take(measuredAt[^1]))
        {
            cancellationToken.ThrowIfCancellationRequested();
            (int first, int second) = rule.Select(model, request.Candidates, random);
            double best = request.Rewards.Max();
            // Two different answers have to be shown. So no rule has less regret than the best two.
            excess += ((best + request.Rewards.Order().ElementAt(Bandit.Arms - 2)) - request.Rewards[first] - request.Rewards[second]) / 2;
            regret += best - ((request.Rewards[first] + request.Rewards[second]) / 2);
            served += best - request.Rewards[Ranking.Best(model, request.Candidates)];
            model.Observe(new Comparison(request.Difference(first, second), bandit.Answer(request, first, second)));
            if (Array.IndexOf(measuredAt, ++round) < 0)
                continue;
            outcome.Numbers[$"regret@{round}"] = regret;
            outcome.Numbers[$"served@{round}"] = served;
            outcome.Numbers[$"excess@{round}"] = excess;
        }
        var test = new TestSet(bandit);
        double[] parameter = model.Parameter.ToArray();
        outcome.Numbers["accuracy"] = test.Accuracy(parameter);
        outcome.Numbers["suboptimality"] = test.Suboptimality(TestSet.Greedy(parameter));
        outcome.Numbers["error"] = Distance(parameter, bandit.Truth) / bandit.Norm;
        return outcome;
    }

    /// <summary>
    /// The same in chunks, as a language model is trained: the policy stays as it is for a whole chunk, and learns the chunk's answers at its end.
    /// After each chunk this measures the greedy policy against the language model alone, and against the policy of a full refit that goes through
    /// the same chunks under the same rule.
    /// </summary>
    internal static Outcome RunInChunks(
        Bandit bandit,
        Contender contender,
        int rounds,
        int chunks,
        bool againstRefit,
        CancellationToken cancellationToken
    )
    {
        var outcome = new Outcome();
        var test = new TestSet(bandit);
        IRewardModel model = contender.Learner.Create(Bandit.Dimension, rounds);
        IRewardModel? refit = againstRefit ? Learner.FullRefit.Create(Bandit.Dimension, rounds) : null;
        Random random = bandit.RandomOf(Purpose.Learning),
            refitRandom = bandit.RandomOf(Purpose.Learning);
        int chunk = 0;
        double regret = 0;
        foreach (Bandit.Request[] requests in bandit.Requests(Purpose.Learning).Take(rounds).Chunk(rounds / chunks))
        {
            cancellationToken.ThrowIfCancellationRequested();
            regret += Learn(bandit, model, contender.Rule, requests, random);
            Func<Bandit.Request, int> policy = TestSet.Greedy(model.Parameter.ToArray());
            chunk++;
            outcome.Numbers[$"regret@{chunk}"] = regret;
            outcome.Numbers[$"win rate@{chunk}"] = test.WinRate(policy, TestSet.Blind);
            outcome.Numbers[$"suboptimality@{chunk}"] = test.Suboptimality(policy);
            outcome.Numbers[$"accuracy@{chunk}"] = test.Accuracy(model.Parameter);
            if (refit is null)
                continue;
            _ = Learn(bandit, refit, contender.Rule, requests, refitRandom);
            outcome.Numbers[$"win rate against refit@{chunk}"] = test.WinRate(policy, TestSet.Greedy(refit.Parameter.ToArray()));
        }
        return outcome;
    }

    internal static double Distance(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        return Math.Sqrt(sum);
    }

    /// <summary>The regret of the pairs that were shown.</summary>
    private static double Learn(Bandit bandit, IRewardModel model, ISelectionRule rule, Bandit.Request[] requests, Random random)
    {
        List<(float[] Difference, double Answer)> answers = [];
        double regret = 0;
        foreach (Bandit.Request request in requests)
        {
            (int first, int second) = rule.Select(model, request.Candidates, random);
            regret += request.Rewards.Max() - ((request.Rewards[first] + request.Rewards[second]) / 2);
            answers.Add((request.Difference(first, second), bandit.Answer(request, first, second)));
        }
        foreach ((float[] difference, double answer) in answers)
            model.Observe(new Comparison(difference, answer));
        return regret;
    }
}
