namespace OnlineRlhf.Benchmarks.Measuring;

/// <summary>Order statistics and spread of repeated measurements.</summary>
internal static class Quantiles
{
    internal static double Median(this IReadOnlyCollection<double> values) => values.Quantile(0.5);

    /// <summary>The value below which a share of the others lies, between two neighbours by interpolation.</summary>
    internal static double Quantile(this IReadOnlyCollection<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        double at = share * (sorted.Length - 1);
        int below = (int)at,
            above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + ((at - below) * (sorted[above] - sorted[below]));
    }

    /// <summary>The standard error of the mean.</summary>
    internal static double StandardError(this IReadOnlyCollection<double> values)
    {
        double mean = values.Average();
        return values.Count < 2 ? double.NaN : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1) / values.Count);
    }
}
