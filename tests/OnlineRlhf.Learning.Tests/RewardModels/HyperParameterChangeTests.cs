using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Tests.Oracles;

namespace OnlineRlhf.Learning.Tests.RewardModels;

public class HyperParameterChangeTests
{
    [Theory]
    [InlineData(3.0)]
    [InlineData(0.2)]
    public void Another_regularization_shifts_the_norm_and_leaves_the_parameter(double regularization)
    {
        const int dimension = 21;
        OnePassRewardModel model = Learned(dimension);
        State before = State.Of(model);
        DoubleDouble[][] expected = DenseMatrix.FromFactor(model.Factor, dimension);
        for (int i = 0; i < dimension; i++)
            expected[i][i] += regularization - 1;

        Assert.True(model.TryChange(new HyperParameters(2, regularization, 0.5), out OnePassRewardModel? changed));
        Assert.InRange(DenseMatrix.ScaledError(DenseMatrix.FromFactor(changed.Factor, dimension), expected), 0, 1e-14);
        Assert.Equal(new HyperParameters(2, regularization, 0.5), changed.HyperParameters);
        Assert.Equal(model.Parameter, changed.Parameter);
        Assert.Equal(model.AverageParameter, changed.AverageParameter);
        Assert.Equal(model.Comparisons, changed.Comparisons);
        Assert.Equal(before, State.Of(model));
    }

    [Fact]
    public void Another_step_size_or_exploration_leaves_every_bit()
    {
        OnePassRewardModel model = Learned(9);
        Assert.True(model.TryChange(new HyperParameters(StepSize: 0.5, Exploration: 2), out OnePassRewardModel? changed));
        Assert.Equal(State.Of(model), State.Of(changed));
    }

    [Fact]
    public void A_norm_that_would_not_be_positive_definite_is_not_made()
    {
        OnePassRewardModel model = new(2, new HyperParameters(Regularization: 2));
        model.Restore(1, [0, 0], [0, 0], [1, 0, 1]);
        Assert.False(model.TryChange(new HyperParameters(Regularization: 1), out OnePassRewardModel? changed));
        Assert.Null(changed);
    }

    private static OnePassRewardModel Learned(int dimension)
    {
        OnePassRewardModel model = new(dimension, new HyperParameters());
        foreach ((float[] z, double label) in RandomStream.Create(dimension, dimension, 40))
            model.Observe(new Comparison(z, label));
        return model;
    }
}
