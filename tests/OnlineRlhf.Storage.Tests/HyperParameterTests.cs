using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.CrashWriter;
using OnlineRlhf.Storage.Recovery;

namespace OnlineRlhf.Storage.Tests;

public class HyperParameterTests
{
    private const int Dimension = 12;

    [Theory]
    [InlineData(0.5, 1, 1)]
    [InlineData(1, 1, 3)]
    [InlineData(1, 4, 1)]
    [InlineData(2, 0.25, 0)]
    public void Changed_ones_take_effect_after_what_was_learned_under_the_old_ones(double eta, double lambda, double beta)
    {
        var changed = new HyperParameters(eta, lambda, beta);
        using var folder = new StateFolder(Dimension);
        folder.Fill(33, paced: false);
        OnePassRewardModel expected = HyperParameterChange.Apply(Oracle.After(33, Dimension), changed);
        long size = folder.Bytes;
        for (int i = 0; i < 3; i++)
        {
            using ProfileStore store = folder.Open(changed);
            Assert.Equal(
                (i == 0, true, RecoveryOutcome.Restored),
                (store.Recovery.HyperParametersChanged, store.Recovery.IsClean, store.Recovery.Outcome)
            );
            Oracle.AssertSame(expected, store.CatchUp());
            Assert.True(store.TryFind(Known.Round(StateFolder.Seed, store.Sequence), out _));
            folder.Append(store, store.Sequence + 11);
            Oracle.Advance(expected, store.Sequence);
        }
        Assert.Equal(size, folder.Bytes);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(0.3)]
    public void Another_lambda_is_the_norm_that_would_have_grown_from_it(double lambda)
    {
        OnePassRewardModel model = Oracle.After(100, Dimension),
            changed = HyperParameterChange.Apply(model, new HyperParameters(1, lambda));
        double[,] before = Norm(model),
            after = Norm(changed);
        for (int i = 0; i < Dimension; i++)
        {
            for (int j = 0; j < Dimension; j++)
                Assert.Equal(before[i, j] + (i == j ? lambda - 1 : 0), after[i, j], 1e-12);
        }
        Assert.Equal(model.Parameter.ToArray(), changed.Parameter.ToArray());
        Assert.Equal(model.AverageParameter.ToArray(), changed.AverageParameter.ToArray());
    }

    [Fact]
    public void A_lambda_that_would_cost_the_norm_its_definiteness_is_refused()
    {
        var model = new OnePassRewardModel(2, new HyperParameters(1, 5));
        model.Restore(1, [0, 0], [0, 0], [1, 0, 1]);
        StateException refused = Assert.Throws<StateException>(() => HyperParameterChange.Apply(model, new HyperParameters(1, 1)));
        Assert.Equal(StateError.HyperParameters, refused.Reason);
    }

    [Fact]
    public void Values_that_no_learner_can_work_with_are_refused()
    {
        using var folder = new StateFolder(2);
        foreach (HyperParameters wrong in new HyperParameters[] { new(1e-7), new(1e7), new(1, 1e-7), new(1, 1e7), new(1, 1, 1e7) })
            Assert.Throws<ArgumentOutOfRangeException>(() => folder.Open(wrong));
        Assert.False(Directory.Exists(folder.Profile));
    }

    [Fact]
    public void A_kill_in_the_middle_of_the_change_leaves_the_state_before_it_or_after_it()
    {
        var changed = new HyperParameters(0.5, 2);
        using var folder = new StateFolder(Dimension);
        using var original = new StateFolder(Dimension, name: "original");
        original.Fill(33, paced: false);
        var random = new Random(5);
        int converted = 0,
            rounds = KillTests.LongForm ? 200 : 20;
        for (int round = 0; round < rounds; round++)
        {
            if (Directory.Exists(folder.Profile))
                Directory.Delete(folder.Profile, recursive: true);
            _ = Directory.CreateDirectory(folder.Profile);
            foreach (string file in Directory.EnumerateFiles(original.Profile))
                File.Copy(file, Path.Combine(folder.Profile, Path.GetFileName(file)));
            long acknowledged = Child.KillAfter(random.Next(1, 60), folder, changed, trace: true);
            using ProfileStore store = folder.Open(changed);
            Assert.True(store.Recovery.IsClean, string.Join(' ', store.Recovery.Problems));
            Assert.InRange(store.Sequence, Math.Max(33, acknowledged), Math.Max(33, acknowledged) + 1);
            OnePassRewardModel expected = HyperParameterChange.Apply(Oracle.After(33, Dimension), changed);
            Oracle.Advance(expected, store.Sequence);
            Oracle.AssertSame(expected, store.CatchUp());
            converted += store.Recovery.HyperParametersChanged ? 0 : 1;
        }
        Assert.InRange(converted, 1, rounds - 1);
    }

    private static double[,] Norm(OnePassRewardModel model)
    {
        int d = model.Dimension;
        double[,] lower = new double[d, d],
            norm = new double[d, d];
        double[] pivots = new double[d];
        for (int j = 0, at = 0; j < d; j++)
        {
            (pivots[j], lower[j, j]) = (model.Factor[at++], 1);
            for (int i = j + 1; i < d; i++)
                lower[i, j] = model.Factor[at++];
        }
        for (int i = 0; i < d; i++)
        {
            for (int j = 0; j < d; j++)
            {
                for (int k = 0; k < d; k++)
                    norm[i, j] += lower[i, k] * pivots[k] * lower[j, k];
            }
        }
        return norm;
    }
}
