namespace OnlineRlhf.Experiments.Tests.Learners;

/// <summary>The matrix-free update does what its formula says.</summary>
public sealed class MatrixFreeTests
{
    [Fact]
    public void Two_steps_solve_a_single_comparison_exactly()
    {
        var model = new MatrixFreeRewardModel(
            3,
            new MatrixFreeOptions(100, StepSize: 0.7, FirstRegularization: 0.5, LastRegularization: 0.5, Steps: 2)
        );
        model.Observe(new Comparison([1, -2, 0.5f], 1));
        model.Observe(new Comparison([0.5f, 1, 1], 0));

        double[] theta = [0, 0, 0];
        foreach ((double[] z, double label) in ((double[], double)[])[([1, -2, 0.5], 1), ([0.5, 1, 1], 0)])
        {
            double margin = z.Zip(theta, (a, b) => a * b).Sum(),
                p = 1 / (1 + Math.Exp(-margin)),
                w = p * (1 - p),
                square = z.Sum(v => v * v);
            // (λI + w zzᵀ)⁻¹ z = z / (λ + w‖z‖²).
            for (int i = 0; i < 3; i++)
                theta[i] -= 0.7 * (p - label) * z[i] / (0.5 + (w * square));
        }
        for (int i = 0; i < 3; i++)
            Assert.Equal(theta[i], model.Parameter[i], 1e-12);
    }

    [Fact]
    public void Enough_steps_solve_a_minibatch_and_few_do_not()
    {
        double[] exact = Learn(20),
            few = Learn(1);
        double[] dense = Dense();
        for (int i = 0; i < 4; i++)
            Assert.Equal(dense[i], exact[i], 1e-10);
        Assert.True(dense.Zip(few, (a, b) => Math.Abs(a - b)).Max() > 1e-3);
    }

    [Fact]
    public void An_incomplete_minibatch_waits()
    {
        var model = new MatrixFreeRewardModel(2, new MatrixFreeOptions(10, Minibatch: 3));
        model.Observe(new Comparison([1, 0], 1));
        model.Observe(new Comparison([1, 0], 1));
        Assert.Equal(0, model.Parameter[0]);
        model.Observe(new Comparison([1, 0], 1));
        Assert.True(model.Parameter[0] > 0);
        Assert.Equal(3, model.Comparisons);
    }

    [Theory]
    [InlineData(RegularizationSchedule.Constant, 1, 1)]
    [InlineData(RegularizationSchedule.Linear, 2, 3)]
    [InlineData(RegularizationSchedule.Logarithmic, 2.17, 3)]
    [InlineData(RegularizationSchedule.Quadratic, 1.5, 3)]
    [InlineData(RegularizationSchedule.Cosine, 2, 3)]
    public void The_regularization_follows_its_schedule(RegularizationSchedule schedule, double halfway, double end)
    {
        var options = new MatrixFreeOptions(1000, FirstRegularization: 1, LastRegularization: 3, Schedule: schedule);
        Assert.Equal(1, options.Regularization(0), 1e-12);
        Assert.Equal(halfway, options.Regularization(500), 0.005);
        Assert.Equal(end, options.Regularization(1000), 1e-12);
        Assert.Equal(end, options.Regularization(5000), 1e-12);
    }

    [Fact]
    public void Numbers_out_of_their_range_are_refused()
    {
        MatrixFreeOptions[] wrong =
        [
            new(0),
            new(10, StepSize: 0),
            new(10, StepSize: double.NaN),
            new(10, FirstRegularization: 0),
            new(10, LastRegularization: -1),
            new(10, Steps: 0),
            new(10, Minibatch: 0),
        ];
        Assert.All(wrong, options => Assert.ThrowsAny<ArgumentException>(() => new MatrixFreeRewardModel(3, options)));
    }

    private static (float[] Z, double Label)[] Batch() => [.. RewardModelContract.Stream(6, 4, seed: 3)];

    private static double[] Learn(int steps)
    {
        var model = new MatrixFreeRewardModel(
            4,
            new MatrixFreeOptions(100, FirstRegularization: 0.1, LastRegularization: 0.1, Steps: steps, Minibatch: 6)
        );
        foreach ((float[] z, double label) in Batch())
            model.Observe(new Comparison(z, label));
        return model.Parameter.ToArray();
    }

    /// <summary>θ = −(λI + H)⁻¹ g at θ = 0, where σ = ½ and σ̇ = ¼, by Gaussian elimination.</summary>
    private static double[] Dense()
    {
        double[,] system = new double[4, 5];
        for (int i = 0; i < 4; i++)
            system[i, i] = 0.1;
        foreach ((float[] z, double label) in Batch())
        {
            for (int i = 0; i < 4; i++)
            {
                for (int j = 0; j < 4; j++)
                    system[i, j] += 0.25 * z[i] * z[j] / 6;
                system[i, 4] -= (0.5 - label) * z[i] / 6;
            }
        }
        for (int k = 0; k < 4; k++)
        {
            for (int i = 0; i < 4; i++)
            {
                double factor = i == k ? 0 : system[i, k] / system[k, k];
                for (int j = k; j < 5; j++)
                    system[i, j] -= factor * system[k, j];
            }
        }
        return [.. Enumerable.Range(0, 4).Select(i => system[i, 4] / system[i, i])];
    }
}
