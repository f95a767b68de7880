using CsCheck;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Tests.Oracles;

namespace OnlineRlhf.Learning.Tests.RewardModels;

public class InvarianceTests
{
    private static readonly Gen<(int Seed, int Dimension, int Count)> Streams = Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[1, 40], Gen.Int[1, 60]);

    [Fact]
    public void Swapping_the_pair_and_the_label_changes_no_bit() =>
        Streams.Sample(
            (seed, dimension, count) =>
            {
                OnePassRewardModel model = new(dimension, new HyperParameters()),
                    swapped = new(dimension, new HyperParameters());
                foreach ((float[] z, double label) in RandomStream.Create(seed, dimension, count))
                {
                    model.Observe(new Comparison(z, label));
                    swapped.Observe(new Comparison([.. z.Select(value => -value)], 1 - label));
                }
                // −0 equals 0 here: a swap turns one into the other.
                return model.Parameter.SequenceEqual(swapped.Parameter) && model.Factor.SequenceEqual(swapped.Factor);
            },
            iter: 100
        );

    [Fact]
    public void A_replay_gives_the_same_bits() =>
        Streams.Sample(
            (seed, dimension, count) =>
            {
                OnePassRewardModel model = new(dimension, new HyperParameters()),
                    replay = new(dimension, new HyperParameters());
                foreach ((float[] z, double label) in RandomStream.Create(seed, dimension, count))
                    model.Observe(new Comparison(z, label));
                foreach ((float[] z, double label) in RandomStream.Create(seed, dimension, count))
                {
                    replay.Uncertainty(z);
                    replay.Observe(new Comparison(z, label));
                }
                return State.Of(model).Equals(State.Of(replay));
            },
            iter: 100
        );

    [Fact]
    public void A_restored_model_goes_on_with_the_same_bits() =>
        Streams.Sample(
            (seed, dimension, count) =>
            {
                OnePassRewardModel model = new(dimension, new HyperParameters()),
                    restored = new(dimension, new HyperParameters());
                (float[] Difference, double Label)[] stream = RandomStream.Create(seed, dimension, count);
                for (int i = 0; i < count; i++)
                {
                    if (i == count / 2)
                        restored.Restore(model.Comparisons, model.Parameter, model.AverageParameter, model.Factor);
                    model.Observe(new Comparison(stream[i].Difference, stream[i].Label));
                    if (i >= count / 2)
                        restored.Observe(new Comparison(stream[i].Difference, stream[i].Label));
                }
                return State.Of(model).Equals(State.Of(restored));
            },
            iter: 100
        );

    [Fact]
    public void A_comparison_of_equal_features_is_only_counted()
    {
        OnePassRewardModel model = new(6, new HyperParameters());
        foreach ((float[] z, double label) in RandomStream.Create(1, 6, 20))
            model.Observe(new Comparison(z, label));
        double[] parameter = model.Parameter.ToArray(),
            factor = model.Factor.ToArray(),
            average = model.AverageParameter.ToArray();
        model.Observe(new Comparison(new float[6], 1));
        Assert.Equal(21, model.Comparisons);
        Assert.Equal(parameter, model.Parameter);
        Assert.Equal(factor, model.Factor);
        for (int i = 0; i < 6; i++)
            Assert.Equal((average[i] * 20 + parameter[i]) / 21, model.AverageParameter[i], 1e-15);
    }

    [Fact]
    public void A_tie_pulls_the_two_scores_together_and_is_the_mean_of_both_answers_at_the_start()
    {
        float[] z = RandomStream.Direction(new Random(5), 8, 1);
        OnePassRewardModel first = new(8, new HyperParameters()),
            tie = new(8, new HyperParameters());
        tie.Observe(new Comparison(z, 0.5));
        Assert.All(tie.Parameter.ToArray(), value => Assert.Equal(0, value));
        Assert.True(tie.Uncertainty(z) < first.Uncertainty(z));
        first.Observe(new Comparison(z, 1));
        double before = first.Score(z);
        first.Observe(new Comparison(z, 0.5));
        Assert.InRange(first.Score(z), 0, before * 0.999);
    }

    [Fact]
    public void Learning_and_scoring_allocate_nothing()
    {
        OnePassRewardModel model = new(37, new HyperParameters());
        (float[] Difference, double Label)[] stream = RandomStream.Create(1, 37, 50);
        double sum = 0;
        double[] parameter = new double[37],
            average = new double[37],
            factor = new double[model.Factor.Length];
        for (int pass = 0; pass < 2; pass++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            foreach ((float[] z, double label) in stream)
            {
                model.Observe(new Comparison(z, label));
                sum += model.Score(z) + model.Uncertainty(z) + model.Uncertainty(z, stream[0].Difference);
                model.Parameter.CopyTo(parameter);
                model.AverageParameter.CopyTo(average);
                model.Factor.CopyTo(factor);
                model.Restore(model.Comparisons, parameter, average, factor);
            }
            if (pass == 1)
                Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
        Assert.True(double.IsFinite(sum));
    }
}
