using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Rules;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Experiments.Settings;

/// <summary>
/// Requests that nothing is learned from. Measures on them are expectations over answers, so that they are free of the answers' noise.
/// </summary>
internal sealed class TestSet(Bandit bandit, int count = 500)
{
    private readonly Bandit.Request[] _requests = [.. bandit.Requests(Purpose.Testing).Take(count)];

    /// <summary>The share of answers to random pairs that θ foresees, in expectation.</summary>
    internal double Accuracy(ReadOnlySpan<double> parameter)
    {
        double sum = 0;
        foreach (Bandit.Request request in _requests)
        {
            // The arms are independent of each other: the first two are a random pair.
            double foreseen = Score(parameter, request, 0) - Score(parameter, request, 1);
            // The person's taste decides here, also where a coin gave the answers that were learned.
            double likely = Bandit.Sigmoid(request.Rewards[0] - request.Rewards[1]);
            sum +=
                foreseen > 0 ? likely
                : foreseen < 0 ? 1 - likely
                : 0.5;
        }
        return sum / _requests.Length;
    }

    /// <summary>The accuracy of θ* itself.</summary>
    internal double Ceiling() => Accuracy(bandit.Truth);

    /// <summary>max_b r*(b) − r*(served), the mean over the requests; a policy names the answer that it serves.</summary>
    internal double Suboptimality(Func<Bandit.Request, int> policy) => _requests.Average(r => r.Rewards.Max() - r.Rewards[policy(r)]);

    /// <summary>How often the answer of one policy is preferred to another's, in expectation; the same answer counts half.</summary>
    internal double WinRate(Func<Bandit.Request, int> policy, Func<Bandit.Request, int> against) =>
        _requests.Average(r => Bandit.Sigmoid(r.Rewards[policy(r)] - r.Rewards[against(r)]));

    /// <summary>The answer with the highest φᵀθ.</summary>
    internal static Func<Bandit.Request, int> Greedy(double[] parameter) =>
        request =>
        {
            int best = 0;
            for (int i = 1; i < Bandit.Arms; i++)
            {
                if (Score(parameter, request, i) > Score(parameter, request, best))
                    best = i;
            }
            return best;
        };

    /// <summary>The pessimistic policy: argmax φᵀθ − β‖φ − φ_ref‖, φ_ref being the mean over the candidates.</summary>
    internal static Func<Bandit.Request, int> Pessimistic(ILocalNorm model, double beta) =>
        request =>
        {
            float[] reference = new float[Bandit.Dimension];
            for (int arm = 0; arm < Bandit.Arms; arm++)
            {
                for (int i = 0; i < Bandit.Dimension; i++)
                    reference[i] += request.Candidates[arm][i] / Bandit.Arms;
            }
            double[] bounds = Ranking.Scores(model, request.Candidates);
            for (int arm = 0; arm < bounds.Length; arm++)
                bounds[arm] -= beta * model.Uncertainty(request.Candidates[arm], reference);
            return Array.IndexOf(bounds, bounds.Max());
        };

    /// <summary>Without any learning: the first candidate, as a language model alone would answer.</summary>
    internal static int Blind(Bandit.Request request) => 0;

    private static double Score(ReadOnlySpan<double> parameter, Bandit.Request request, int arm) =>
        LinearReward.Dot(request.Candidates[arm], parameter);
}
