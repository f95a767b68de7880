namespace OnlineRlhf.Learning.Tests.Regret;

public class RegretTests(ITestOutputHelper output)
{
    [Fact]
    public void The_regret_is_near_that_of_a_full_refit() => Compare(seeds: 16, rounds: 1500, quantile: 2.131, low: 0.95, high: 1.05);

    [Fact(Skip = LongForm.Reason, SkipUnless = nameof(LongForm.IsWanted), SkipType = typeof(LongForm))]
    public void The_regret_is_that_of_a_full_refit_within_three_percent() => Compare(seeds: 64, rounds: 1500, quantile: 1.998, low: 0.97, high: 1.03);

    // The 95 % interval of the mean paired ratio, by Student's t.
    private void Compare(int seeds, int rounds, double quantile, double low, double high)
    {
        HyperParameters hyperParameters = new(StepSize: 1, Regularization: 1, Exploration: 1);
        double[] onePass = new double[seeds],
            refit = new double[seeds];
        Parallel.For(
            0,
            seeds,
            seed =>
            {
                onePass[seed] = Simulation.CumulativeRegret(seed, rounds, new OnePassLearner(Simulation.Dimension, hyperParameters));
                refit[seed] = Simulation.CumulativeRegret(seed, rounds, new MaximumLikelihoodLearner(Simulation.Dimension, hyperParameters));
            }
        );
        double[] ratios = [.. onePass.Zip(refit, (a, b) => a / b)];
        double mean = ratios.Average(),
            deviation = Math.Sqrt(ratios.Sum(ratio => (ratio - mean) * (ratio - mean)) / (seeds - 1));
        double margin = quantile * deviation / Math.Sqrt(seeds);
        output.WriteLine($"{seeds} seeds of {rounds} rounds: regret {onePass.Average():F0}, of the full refit {refit.Average():F0}");
        output.WriteLine($"paired ratio {mean:F4} ± {margin:F4}, deviation {deviation:F4}");
        Assert.InRange(mean - margin, low, high);
        Assert.InRange(mean + margin, low, high);
    }
}
