using System.Runtime.InteropServices;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Storage.CrashWriter;

namespace OnlineRlhf.Storage.Tests;

/// <summary>The learner in memory that a stored one must equal, bit for bit.</summary>
internal static class Oracle
{
    public static OnePassRewardModel After(long sequence, int dimension, HyperParameters? hyperParameters = null, bool mixed = false)
    {
        var model = new OnePassRewardModel(dimension, hyperParameters ?? new HyperParameters());
        Advance(model, sequence, mixed: mixed);
        return model;
    }

    public static void Advance(OnePassRewardModel model, long sequence, int seed = StateFolder.Seed, bool mixed = false)
    {
        while (model.Comparisons < sequence)
            model.Observe(Known.Comparison(seed, model.Comparisons + 1, model.Dimension, mixed));
    }

    public static void AssertSame(OnePassRewardModel expected, OnePassRewardModel actual)
    {
        Assert.Equal(expected.Comparisons, actual.Comparisons);
        Assert.Equal(expected.HyperParameters, actual.HyperParameters);
        Assert.True(Same(expected.Parameter, actual.Parameter), "θ differs");
        Assert.True(Same(expected.AverageParameter, actual.AverageParameter), "the average of θ differs");
        Assert.True(Same(expected.Factor, actual.Factor), "the factor differs");
    }

    private static bool Same(ReadOnlySpan<double> a, ReadOnlySpan<double> b) => MemoryMarshal.AsBytes(a).SequenceEqual(MemoryMarshal.AsBytes(b));
}
