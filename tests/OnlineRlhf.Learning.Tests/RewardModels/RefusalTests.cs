using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Tests.Oracles;

namespace OnlineRlhf.Learning.Tests.RewardModels;

public class RefusalTests
{
    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_value_that_is_not_finite_is_refused_wherever_it_stands(float value)
    {
        OnePassRewardModel model = Learned(11);
        for (int i = 0; i < 11; i++)
        {
            float[] z = RandomStream.Direction(new Random(i), 11, 1);
            z[i] = value;
            Refuses<ArgumentException>(model, () => model.Observe(new Comparison(z, 1)));
            Refuses<ArgumentException>(model, () => model.Uncertainty(z));
            Refuses<ArgumentException>(model, () => model.Uncertainty(new float[11], z));
            Refuses<ArgumentException>(model, () => model.Score(z));
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(-0.001)]
    [InlineData(1.001)]
    [InlineData(double.PositiveInfinity)]
    public void A_label_outside_of_0_to_1_is_refused(double label)
    {
        OnePassRewardModel model = Learned(3);
        Refuses<ArgumentException>(model, () => model.Observe(new Comparison([1, 2, 3], label)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public void Another_length_is_refused(int length)
    {
        OnePassRewardModel model = Learned(3);
        Refuses<ArgumentException>(model, () => model.Observe(new Comparison(new float[length], 1)));
        Refuses<ArgumentException>(model, () => model.Score(new float[length]));
        Refuses<ArgumentException>(model, () => model.Uncertainty(new float[length]));
        Refuses<ArgumentException>(model, () => model.Uncertainty(new float[3], new float[length]));
    }

    [Fact]
    public void Finite_values_whose_margin_or_norm_overflows_are_refused()
    {
        OnePassRewardModel steep = Learned(2);
        steep.Restore(1, [1e290, 1], [0, 0], [1, 0, 1]);
        Refuses<ArgumentException>(steep, () => steep.Observe(new Comparison([1e30f, 1], 1)));
        Refuses<ArgumentException>(steep, () => steep.Score([1e30f, 1]));

        OnePassRewardModel thin = Learned(2);
        thin.Restore(1, [0, 0], [0, 0], [1e-300, 0, 1]);
        Refuses<ArgumentException>(thin, () => thin.Observe(new Comparison([1e30f, 1], 1)));
        Refuses<ArgumentException>(thin, () => thin.Uncertainty([1e30f, 1]));

        OnePassRewardModel bold = new(2, new HyperParameters(StepSize: 1e250, Regularization: 1e-60));
        Refuses<ArgumentException>(bold, () => bold.Observe(new Comparison([1, 1], 1)));
    }

    [Fact]
    public void The_largest_floats_are_learned_without_overflow()
    {
        OnePassRewardModel model = new(5, new HyperParameters());
        for (int i = 0; i < 5; i++)
            model.Observe(new Comparison([float.MaxValue, -float.MaxValue, float.MaxValue, i, float.Epsilon], i % 2));
        Assert.All(model.Parameter.ToArray(), value => Assert.True(double.IsFinite(value)));
        Assert.All(model.Factor.ToArray(), value => Assert.True(double.IsFinite(value)));
    }

    [Fact]
    public void A_state_that_is_none_is_not_restored()
    {
        OnePassRewardModel model = Learned(2);
        double[] good = [1, 2],
            factor = [1, 0.5, 1];
        Refuses<ArgumentOutOfRangeException>(model, () => model.Restore(-1, good, good, factor));
        Refuses<ArgumentException>(model, () => model.Restore(1, [1], good, factor));
        Refuses<ArgumentException>(model, () => model.Restore(1, good, [1, 2, 3], factor));
        Refuses<ArgumentException>(model, () => model.Restore(1, good, good, [1, 0.5]));
        Refuses<ArgumentException>(model, () => model.Restore(1, [1, double.NaN], good, factor));
        Refuses<ArgumentException>(model, () => model.Restore(1, good, [double.PositiveInfinity, 1], factor));
        Refuses<ArgumentException>(model, () => model.Restore(1, good, good, [1, double.NaN, 1]));
        Refuses<ArgumentException>(model, () => model.Restore(1, good, good, [1, 1e200, 1]));
        Refuses<ArgumentException>(model, () => model.Restore(1, good, good, [0, 0.5, 1]));
        ArgumentException error = Refuses<ArgumentException>(model, () => model.Restore(1, good, good, [1, 0.5, -1]));
        Assert.Contains("column 1", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(-1, 1, 1)]
    [InlineData(double.NaN, 1, 1)]
    [InlineData(1, 0, 1)]
    [InlineData(1, double.PositiveInfinity, 1)]
    [InlineData(1, 1, -0.1)]
    [InlineData(1, 1, double.NaN)]
    public void A_hyper_parameter_out_of_its_range_is_refused_in_words(double stepSize, double regularization, double exploration)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new HyperParameters(stepSize, regularization, exploration));
        Assert.Contains("must be a finite number", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            new HyperParameters() with
            {
                StepSize = stepSize,
                Regularization = regularization,
                Exploration = exploration,
            }
        );
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-3)]
    [InlineData(65_536)]
    public void A_dimension_out_of_its_range_is_refused(int dimension) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new OnePassRewardModel(dimension, new HyperParameters()));

    private static OnePassRewardModel Learned(int dimension)
    {
        OnePassRewardModel model = new(dimension, new HyperParameters());
        foreach ((float[] z, double label) in RandomStream.Create(dimension, dimension, 10))
            model.Observe(new Comparison(z, label));
        return model;
    }

    private static T Refuses<T>(OnePassRewardModel model, Action action)
        where T : Exception
    {
        State before = State.Of(model);
        T error = Assert.Throws<T>(action);
        Assert.Equal(before, State.Of(model));
        return error;
    }
}
