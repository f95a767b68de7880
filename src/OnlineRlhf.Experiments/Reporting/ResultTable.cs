using OnlineRlhf.Experiments.Cells;

namespace OnlineRlhf.Experiments.Reporting;

/// <summary>All results of a report, by experiment and variant.</summary>
internal sealed class ResultTable(IReadOnlyList<Result> results)
{
    private readonly Dictionary<(string, string), Result[]> _bySeed = results
        .GroupBy(r => (r.Experiment, r.Variant))
        .ToDictionary(g => g.Key, g => g.OrderBy(r => r.Seed).ToArray());

    internal bool HasExperiment(string experiment) => _bySeed.Keys.Any(k => k.Item1 == experiment);

    /// <summary>Whether the variant measured the number.</summary>
    internal bool Has(string experiment, string variant, string number) =>
        _bySeed.TryGetValue((experiment, variant), out Result[]? found) && found[0].Numbers.ContainsKey(number);

    /// <summary>The mean of a number over the seeds, or over the first of them.</summary>
    internal Interval Number(string experiment, string variant, string number, int seeds = int.MaxValue) =>
        Interval.Of([.. Numbers(experiment, variant, number).Take(seeds)]);

    internal Interval Time(string experiment, string variant, string time) => Interval.Of([.. Of(experiment, variant).Select(r => r.Times[time])]);

    /// <summary>The mean over seeds of one variant's number divided by another's at the same seed.</summary>
    internal Interval Ratio(string experiment, string variant, string against, string number, int seeds = int.MaxValue) =>
        Interval.Of([.. Paired(experiment, variant, against, number).Take(seeds).Select(p => p.Item1 / p.Item2)]);

    /// <summary>The mean over seeds of one variant's number less another's at the same seed.</summary>
    internal Interval Difference(string experiment, string variant, string against, string number) =>
        Interval.Of([.. Paired(experiment, variant, against, number).Select(p => p.Item1 - p.Item2)]);

    internal double[] Numbers(string experiment, string variant, string number) => [.. Of(experiment, variant).Select(r => r.Numbers[number])];

    /// <summary>Of several variants the one with the smallest mean of a number, or the largest.</summary>
    internal string Best(string experiment, IEnumerable<string> variants, string number, bool smallest) =>
        smallest ? variants.MinBy(v => Numbers(experiment, v, number).Average())! : variants.MaxBy(v => Numbers(experiment, v, number).Average())!;

    private Result[] Of(string experiment, string variant) =>
        _bySeed.TryGetValue((experiment, variant), out Result[]? found)
            ? found
            : throw new KeyNotFoundException($"{experiment} has no variant {variant}.");

    private IEnumerable<(double, double)> Paired(string experiment, string variant, string against, string number) =>
        from a in Of(experiment, variant)
        join b in Of(experiment, against) on a.Seed equals b.Seed
        select (a.Numbers[number], b.Numbers[number]);
}
