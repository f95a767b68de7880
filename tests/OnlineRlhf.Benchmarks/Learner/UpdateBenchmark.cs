using System.Globalization;
using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Reporting;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Benchmarks.Learner;

/// <summary>
/// One update of the reward model against one copy of its factor in memory: both are limited by the memory, and neither may depend on t.
/// </summary>
internal static class UpdateBenchmark
{
    /// <summary>Updates and copies alternate in blocks, so that each finds the cache as it leaves it and both see the same noise.</summary>
    private const int Block = 20;

    private const double Bar = 3;
    private static readonly int[] Dimensions = [593, 1745];

    internal static void Run(Report report)
    {
        report.Begin("update", "OnePassRewardModel.Observe against a memory copy of the factor");
        foreach (int dimension in Dimensions)
        {
            var comparisons = new RandomComparisons(dimension, dimension);
            var model = new OnePassRewardModel(dimension, new HyperParameters());
            Learn(model, comparisons, 100);
            Measure(report, model, comparisons, "t = 10²", blocks: 20);
            // 10⁵ updates of the larger model take minutes and nothing in an update looks at t: its factor is that of fewer real updates.
            int real = dimension < 1000 ? 100_000 : 5_000;
            Learn(model, comparisons, real - (int)model.Comparisons);
            if (real < 100_000)
                model.Restore(100_000, model.Parameter.ToArray(), model.AverageParameter.ToArray(), model.Factor.ToArray());
            Measure(report, model, comparisons, "t = 10⁵", blocks: 20);
        }
        report.Note("d = 1,745 at t = 10⁵: restored at that t with the factor of 5,000 real updates; the other states are really learned.");
        report.Note($"Updates and copies alternate in blocks of {Block}. {System.Numerics.Vector<double>.Count} doubles to a vector.");
        report.Print();
    }

    private static void Learn(OnePassRewardModel model, RandomComparisons comparisons, int count)
    {
        for (int i = 0; i < count; i++)
            model.Observe(comparisons.Next());
    }

    private static void Measure(Report report, OnePassRewardModel model, RandomComparisons comparisons, string time, int blocks)
    {
        double[] source = model.Factor.ToArray(),
            target = new double[source.Length];
        List<double> updates = [],
            copies = [],
            ratios = [];
        for (int block = 0; block < blocks; block++)
        {
            double[] update = new double[Block],
                copy = new double[Block];
            model.Observe(comparisons.Next());
            for (int i = 0; i < Block; i++)
                update[i] = Clock.Milliseconds(() => model.Observe(comparisons.Next()));
            source.AsSpan().CopyTo(target);
            for (int i = 0; i < Block; i++)
                copy[i] = Clock.Milliseconds(() => source.AsSpan().CopyTo(target));
            updates.AddRange(update);
            copies.AddRange(copy);
            ratios.Add(update.Median() / copy.Median());
        }
        string name = string.Create(CultureInfo.InvariantCulture, $"d = {model.Dimension:#,0}, {time}");
        report.Add(new Measurement($"{name}: update, median", 1000 * updates.Median(), "µs"));
        report.Add(new Measurement($"{name}: update, 99th percentile", 1000 * updates.Quantile(0.99), "µs"));
        report.Add(new Measurement($"{name}: copy, median", 1000 * copies.Median(), "µs"));
        report.Add(new Measurement($"{name}: update / copy", ratios.Median(), AtMost: Bar));
    }
}
