using OnlineRlhf.Benchmarks.Measuring;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>
/// A simulated person's hidden utility of every candidate, in standard deviations of plain answers: a signed mixture of one to four properties, alone
/// or with
/// half the weight on taking up the request's words.
/// </summary>
internal sealed class MixedTaste
{
    private const int MostProperties = 4;

    /// <summary>The log odds of σ = 0.8.</summary>
    private static readonly double Agreement = Math.Log(4);

    private MixedTaste(double[][] utilities, double sharpness)
    {
        Utilities = utilities;
        Sharpness = sharpness;
    }

    /// <summary>By set, by candidate.</summary>
    internal double[][] Utilities { get; }

    /// <summary>
    /// k of P(a is preferred to b) = σ(k (u(a) − u(b))): on a median pair of differing plain answers the better one is preferred in 80 % of the
    /// cases.
    /// </summary>
    internal double Sharpness { get; }

    internal static MixedTaste Draw(Candidates candidates, PropertyTable properties, double[][]? relevance, int seed)
    {
        var random = new Random(seed);
        int[] order = [.. Enumerable.Range(0, properties.Names.Count)];
        random.Shuffle(order);
        double[][] style = [.. candidates.Sets.Select(s => new double[s.Candidates.Count])];
        foreach (int property in order.Take(1 + random.Next(MostProperties)))
        {
            double weight = (random.Next(2) == 0 ? 1 : -1) * (0.5 + (0.5 * random.NextDouble()));
            Add(style, properties[property], weight);
        }
        candidates.Standardise(style);
        if (relevance is not null)
        {
            Add(style, relevance, 1);
            candidates.Standardise(style);
        }
        return new MixedTaste(style, Agreement / MedianDifference(candidates, style));
    }

    private static void Add(double[][] sum, double[][] values, double weight)
    {
        for (int s = 0; s < sum.Length; s++)
        {
            for (int c = 0; c < sum[s].Length; c++)
                sum[s][c] += weight * values[s][c];
        }
    }

    private static double MedianDifference(Candidates candidates, double[][] utilities)
    {
        List<double> differences = [];
        foreach (int set in candidates.Plain)
        {
            double[] u = utilities[set];
            for (int a = 0; a < u.Length; a++)
            {
                for (int b = a + 1; b < u.Length; b++)
                {
                    if (Math.Abs(u[a] - u[b]) > 1e-9)
                        differences.Add(Math.Abs(u[a] - u[b]));
                }
            }
        }
        return differences.Median();
    }
}
