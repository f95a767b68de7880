namespace OnlineRlhf.Experiments.Tests.Learners;

/// <summary>The baselines' steps by hand: each differs from the exact learner in what its name says, and in nothing else.</summary>
public sealed class BaselineTests
{
    private const double Lambda = 0.8;

    private static readonly float[] Z = [0.6f, -0.8f];

    [Fact]
    public void First_order_steps_along_the_gradient_with_a_step_that_shrinks_like_the_root()
    {
        var model = new FirstOrderRewardModel(2, 3);
        model.Observe(new Comparison(Z, 1));
        double first = 3 * 0.5,
            margin = first * (Z[0] * Z[0] + Z[1] * Z[1]);
        Assert.Equal(first * Z[0], model.Parameter[0], 1e-6);
        model.Observe(new Comparison(Z, 1));
        Assert.Equal((first + 3 / Math.Sqrt(2) * (1 - Sigmoid(margin))) * Z[0], model.Parameter[0], 1e-6);
    }

    [Fact]
    public void Without_the_look_ahead_point_the_curvature_is_that_of_the_old_parameter()
    {
        var hyperParameters = new HyperParameters(StepSize: 1, Regularization: 2);
        var model = new NoLookAheadRewardModel(1, hyperParameters);
        var exact = new OnePassRewardModel(1, hyperParameters);
        foreach (var learner in (ILocalNorm[])[model, exact])
            learner.Observe(new Comparison([3], 1));
        // λ = 2, z = 3, σ̇(0) = ¼.
        double curvature = 0.25 * 9,
            parameter = 0.5 * 3 / (2 + curvature);
        Assert.Equal(parameter, model.Parameter[0], 1e-9);
        Assert.Equal(1 / Math.Sqrt(2 + curvature), model.Uncertainty([1]), 1e-9);
        // The exact learner's step is the same; the answer was not as uncertain as it seemed, and says less.
        Assert.Equal(parameter, exact.Parameter[0], 1e-9);
        Assert.Equal(1 / Math.Sqrt(2 + (Sigmoid(3 * parameter) * (1 - Sigmoid(3 * parameter)) * 9)), exact.Uncertainty([1]), 1e-9);
    }

    [Fact]
    public void The_authors_code_blends_the_solution_with_the_gradient_and_goes_over_to_the_gradient()
    {
        var model = new ReferenceRewardModel(2, stepSize: 1, damping: Lambda, growth: 2);
        model.Observe(new Comparison(Z, 1));
        // The gradient is −½z, along which one step of conjugate gradient solves (λI + ¼zzᵀ)x = g.
        double solution = 0.5 / (Lambda + 0.25 * Square),
            blended = (Lambda * 0.5) + ((1 - Lambda) * solution);
        Assert.Equal(blended * Z[0], model.Parameter[0], 1e-6);
        model.Observe(new Comparison(Z, 1));
        Assert.Equal((blended + 1 - Sigmoid(blended * Square)) * Z[0], model.Parameter[0], 1e-6);
    }

    private static double Square => (Z[0] * (double)Z[0]) + (Z[1] * (double)Z[1]);

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
