using OnlineRlhf.Experiments.Problems;
using OnlineRlhf.Experiments.Rules;

namespace OnlineRlhf.Experiments.Tests.Learners;

/// <summary>The full refit is at its minimum, whichever way it goes there: a slow or sloppy refit is no yardstick.</summary>
public sealed class RefitTests
{
    [Theory]
    [InlineData(Solver.Newton)]
    [InlineData(Solver.NewtonConjugateGradient)]
    [InlineData(Solver.LimitedMemoryBfgs)]
    internal void The_gradient_vanishes_at_its_parameter(Solver solver)
    {
        const int dimension = 12;
        var model = new MaximumLikelihoodRewardModel(dimension, 0.5, solver);
        (float[] Difference, double Label)[] stream = [.. RewardModelContract.Stream(300, dimension)];
        foreach ((float[] z, double label) in stream)
            model.Observe(new Comparison(z, label));
        double[] parameter = model.Parameter.ToArray(),
            gradient = [.. parameter.Select(v => 0.5 * v)];
        foreach ((float[] z, double label) in stream)
        {
            double slope = 1 / (1 + Math.Exp(-z.Zip(parameter, (a, b) => a * b).Sum())) - label;
            for (int i = 0; i < dimension; i++)
                gradient[i] += slope * z[i];
        }
        Assert.InRange(Math.Sqrt(gradient.Sum(v => v * v)), 0, 2 * MaximumLikelihoodRewardModel.GradientNorm);
    }

    [Fact]
    public void Refitting_after_every_comparison_ends_where_refitting_once_does()
    {
        var often = new MaximumLikelihoodRewardModel(6, 1, Solver.Newton);
        var once = new MaximumLikelihoodRewardModel(6, 1, Solver.Newton);
        foreach ((float[] z, double label) in RewardModelContract.Stream(120, 6))
        {
            often.Observe(new Comparison(z, label));
            often.Refit();
            once.Observe(new Comparison(z, label));
        }
        for (int i = 0; i < 6; i++)
            Assert.Equal(once.Parameter[i], often.Parameter[i], 1e-5);
    }

    [Fact]
    public void Its_norm_is_the_Hessian_at_its_minimum()
    {
        var model = new MaximumLikelihoodRewardModel(2, 1, Solver.Newton);
        float[][] differences =
        [
            [1, 0.5f],
            [-0.5f, 2],
            [0.3f, -1],
        ];
        foreach (float[] z in differences)
            model.Observe(new Comparison(z, 1));
        double a = 1,
            b = 0,
            c = 1;
        foreach (float[] z in differences)
        {
            double p = 1 / (1 + Math.Exp(-(z[0] * model.Parameter[0]) - (z[1] * model.Parameter[1]))),
                w = p * (1 - p);
            (a, b, c) = (a + (w * z[0] * z[0]), b + (w * z[0] * z[1]), c + (w * z[1] * z[1]));
        }
        // vᵀH⁻¹v with v = (1, 2), by the closed form of a 2×2 inverse.
        Assert.Equal(Math.Sqrt((c - (4 * b) + (4 * a)) / ((a * c) - (b * b))), model.Uncertainty([1, 2]), 1e-7);
    }

    [Fact]
    public void Its_norm_is_the_same_from_few_comparisons_as_from_many_that_say_no_more()
    {
        const int dimension = 9;
        var few = new MaximumLikelihoodRewardModel(dimension, 0.5, Solver.Newton);
        var padded = new MaximumLikelihoodRewardModel(dimension, 0.5, Solver.Newton);
        foreach ((float[] z, double label) in RewardModelContract.Stream(5, dimension))
        {
            few.Observe(new Comparison(z, label));
            padded.Observe(new Comparison(z, label));
        }
        for (int i = 0; i < dimension; i++)
            padded.Observe(new Comparison(new float[dimension], 1));
        foreach ((float[] direction, _) in RewardModelContract.Stream(20, dimension))
            Assert.Equal(padded.Uncertainty(direction), few.Uncertainty(direction), 1e-9);
    }

    [Theory]
    [InlineData(Solver.NewtonConjugateGradient)]
    [InlineData(Solver.LimitedMemoryBfgs)]
    internal void A_long_life_of_refits_ends_at_the_minimum_whichever_way_it_goes(Solver solver)
    {
        // Refits that begin next to the minimum are where rounding shows: here L-BFGS alone finds no lower value at 1,307 and 1,371.
        AssertEndsAtMinimum(solver, seed: 8, refits: 1400);
        AssertEndsAtMinimum(solver, seed: 4, refits: 1400);
        // And here it takes for ever at 2,776. So long a life takes as long as all other tests of this project together.
        if (Environment.GetEnvironmentVariable("ONLINERLHF_LONG_TESTS") == "1")
            AssertEndsAtMinimum(solver, seed: 7, refits: 2800);
    }

    private static void AssertEndsAtMinimum(Solver solver, int seed, int refits)
    {
        var bandit = new Bandit(seed, 6);
        Random random = bandit.RandomOf(Purpose.Learning);
        var rule = new RandomPair();
        var often = new MaximumLikelihoodRewardModel(Bandit.Dimension, 1, solver);
        var once = new MaximumLikelihoodRewardModel(Bandit.Dimension, 1, Solver.Newton);
        foreach (Bandit.Request request in bandit.Requests(Purpose.Learning).Take(refits))
        {
            (int first, int second) = rule.Select(once, request.Candidates, random);
            double answer = bandit.Answer(request, first, second);
            often.Observe(new Comparison(request.Difference(first, second), answer));
            often.Refit();
            once.Observe(new Comparison(request.Difference(first, second), answer));
        }
        for (int i = 0; i < Bandit.Dimension; i++)
            Assert.Equal(once.Parameter[i], often.Parameter[i], 1e-5);
    }
}
