using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Tests.Oracles;

namespace OnlineRlhf.Learning.Tests.RewardModels;

public class AgreementTests
{
    [Theory]
    [InlineData(1, 300, Shape.Isotropic)]
    [InlineData(2, 300, Shape.Isotropic)]
    [InlineData(3, 300, Shape.Isotropic)]
    [InlineData(7, 300, Shape.Isotropic)]
    [InlineData(17, 300, Shape.Isotropic)]
    [InlineData(64, 60, Shape.Isotropic)]
    [InlineData(200, 10, Shape.Isotropic)]
    [InlineData(600, 2, Shape.Isotropic)]
    [InlineData(3, 300, Shape.ScaledOverOrders)]
    [InlineData(17, 300, Shape.ScaledOverOrders)]
    [InlineData(66, 60, Shape.ScaledOverOrders)]
    [InlineData(2, 300, Shape.NearlyCollinear)]
    [InlineData(19, 300, Shape.NearlyCollinear)]
    [InlineData(64, 60, Shape.NearlyCollinear)]
    public void The_parameter_the_norm_and_the_uncertainty_are_the_closed_forms(int dimension, int count, Shape shape)
    {
        HyperParameters hyperParameters = new(StepSize: 1.3, Regularization: 0.7);
        OnePassRewardModel model = new(dimension, hyperParameters);
        ClosedFormModel oracle = new(dimension, hyperParameters);
        Random random = new(dimension);
        double size = 0;
        foreach ((float[] z, double label) in RandomStream.Create(dimension, dimension, count, shape))
        {
            model.Observe(new Comparison(z, label));
            oracle.Observe(z, label);
            size = Math.Max(size, DenseMatrix.Norm(oracle.Norm, oracle.Parameter));
        }

        // In the local norm an error counts as much as it changes predictions; it is relative to the largest θ on the way,
        // since a saturated answer that proves wrong throws θ far out and back. A weight falls as e^−|m| with its margin m,
        // so that an error of ε|m| in a large margin is one of ε|m| in the norm too.
        double tolerance = shape == Shape.ScaledOverOrders ? 1e-10 : 1e-13;
        DoubleDouble[] error = [.. model.Parameter.ToArray().Select((value, i) => oracle.Parameter[i] - value)];
        DoubleDouble[] averageError = [.. model.AverageParameter.ToArray().Select((value, i) => oracle.ParameterSum[i] / count - value)];
        Assert.InRange(DenseMatrix.Norm(oracle.Norm, error) / size, 0, tolerance);
        Assert.InRange(DenseMatrix.Norm(oracle.Norm, averageError) / size, 0, tolerance);
        Assert.InRange(DenseMatrix.ScaledError(DenseMatrix.FromFactor(model.Factor, dimension), oracle.Norm), 0, tolerance);
        for (int i = 0; i < 3; i++)
        {
            float[] direction = RandomStream.Direction(random, dimension, 1);
            Assert.Equal(1, model.Uncertainty(direction) / oracle.Uncertainty(direction), tolerance);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(0.3)]
    public void A_step_follows_the_finite_differences_of_the_loss(double label)
    {
        const int dimension = 5;
        const double lambda = 2,
            eta = 0.8,
            delta = 1e-4;
        float[] z = RandomStream.Direction(new Random(3), dimension, 1.5);
        double[] start = [.. RandomStream.Direction(new Random(4), dimension, 1).Select(value => (double)value)];
        OnePassRewardModel model = new(dimension, new HyperParameters(eta, lambda));
        model.Restore(0, start, start, model.Factor.ToArray());
        model.Observe(new Comparison(z, label));

        // At 𝓗 = λI the step is −η g/(λ + η w ‖z‖²), and 𝓗 grows by the Hessian at the new θ.
        double square = z.Sum(value => (double)value * value);
        double curvature = (Loss(start, z, label, delta) - 2 * Loss(start, z, label, 0) + Loss(start, z, label, -delta)) / (delta * delta);
        for (int i = 0; i < dimension; i++)
        {
            double[] up = [.. start],
                down = [.. start];
            up[i] += delta;
            down[i] -= delta;
            double gradient = (Loss(up, z, label, 0) - Loss(down, z, label, 0)) / (2 * delta);
            Assert.Equal(-eta * gradient / (lambda + eta * curvature * square), model.Parameter[i] - start[i], 1e-7);
        }
        double[] end = model.Parameter.ToArray();
        double after = (Loss(end, z, label, delta) - 2 * Loss(end, z, label, 0) + Loss(end, z, label, -delta)) / (delta * delta);
        DoubleDouble[][] norm = DenseMatrix.FromFactor(model.Factor, dimension);
        for (int i = 0; i < dimension; i++)
        {
            for (int j = 0; j < dimension; j++)
                Assert.Equal((i == j ? lambda : 0) + after * z[i] * z[j], (double)norm[i][j], 1e-6);
        }
    }

    [Theory]
    [InlineData(40, 1)]
    [InlineData(-700, 0)]
    [InlineData(700, 0)]
    [InlineData(-50, 0.5)]
    [InlineData(1e200, 1)]
    public void A_large_margin_keeps_its_precision(double margin, double label)
    {
        // d = 1, z = 1, 𝓗 = λ = 1: θ⁺ = θ − (p − y)/(1 + w), with p − y and w from their smaller tail.
        OnePassRewardModel model = new(1, new HyperParameters());
        model.Restore(0, [margin], [margin], [1]);
        model.Observe(new Comparison([1], label));
        double tail = Math.Exp(-Math.Abs(margin));
        double slope = margin > 0 ? 1 - label - tail : tail - label;
        Assert.Equal(margin - slope / (1 + tail), model.Parameter[0]);
        double weight = Math.Exp(-Math.Abs(model.Parameter[0]));
        Assert.Equal(1 + weight, model.Factor[0], 1e-15);
    }

    // The loss at θ with the margin moved by an offset, so that its second difference is σ̇.
    private static double Loss(double[] theta, float[] z, double label, double offset)
    {
        double margin = offset;
        for (int i = 0; i < z.Length; i++)
            margin += theta[i] * z[i];
        return label * Math.Log(1 + Math.Exp(-margin)) + (1 - label) * Math.Log(1 + Math.Exp(margin));
    }
}
