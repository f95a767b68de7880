using OnlineRlhf.Learning.Tests.Oracles;

namespace OnlineRlhf.Learning.Tests.Regret;

/// <summary>
/// A bandit with Bradley–Terry answers: d = 32, n = 8 unit-norm arms per round whose deviation falls from 1 to 0.1 over the dimensions, ‖θ*‖ = 6.
/// Two learners of one seed see the same θ*, arms and uniform numbers of the answers' noise.
/// </summary>
internal static class Simulation
{
    public const int Dimension = 32;
    private const int Arms = 8;

    /// <summary>Σ over the rounds of max_b r*(b) − ½ (r*(a) + r*(a′)).</summary>
    public static double CumulativeRegret(int seed, int rounds, ILearner learner)
    {
        Random random = new(seed);
        float[] truth = RandomStream.Direction(random, Dimension, 6);
        double regret = 0;
        for (int round = 0; round < rounds; round++)
        {
            float[][] arms = [.. Enumerable.Range(0, Arms).Select(_ => Arm(random))];
            double noise = random.NextDouble();
            double[] rewards = [.. arms.Select(arm => arm.Zip(truth, (a, b) => (double)a * b).Sum())];
            (int leader, int challenger) = learner.Select(arms);
            regret += rewards.Max() - (rewards[leader] + rewards[challenger]) / 2;
            float[] difference = [.. arms[leader].Zip(arms[challenger], (a, b) => a - b)];
            learner.Observe(difference, noise < ClosedFormModel.Sigmoid(rewards[leader] - rewards[challenger]) ? 1 : 0);
        }
        return regret;
    }

    private static float[] Arm(Random random)
    {
        double[] values = [.. Enumerable.Range(0, Dimension).Select(i => RandomStream.Gaussian(random) * Math.Pow(10, -(double)i / (Dimension - 1)))];
        double norm = Math.Sqrt(values.Sum(value => value * value));
        return [.. values.Select(value => (float)(value / norm))];
    }
}
