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

    private readonly Func<int, string, double> _utility;

    private MixedTaste(Candidates candidates, Func<int, string, double> utility)
    {
        _utility = utility;
        Utilities = candidates.Values(utility);
        Sharpness = Agreement / MedianDifference(candidates, Utilities);
    }

    /// <summary>By set, by candidate.</summary>
    internal double[][] Utilities { get; }

    /// <summary>
    /// k of P(a is preferred to b) = σ(k (u(a) − u(b))): on a median pair of differing plain answers the better one is preferred in 80 % of the
    /// cases.
    /// </summary>
    internal double Sharpness { get; }

    /// <summary>The probability that this person prefers the first of two utilities.</summary>
    internal double Preference(double first, double second) => 1 / (1 + Math.Exp(Sharpness * (second - first)));

    /// <summary>The utility of any answer to a request, in standard deviations of plain answers.</summary>
    internal double Utility(int request, string answer) => _utility(request, answer);

    internal static MixedTaste Draw(Candidates candidates, PropertyTable properties, PropertyTable? relevance, int seed)
    {
        var random = new Random(seed);
        int[] order = [.. Enumerable.Range(0, properties.Names.Count)];
        random.Shuffle(order);
        List<(double Weight, Func<int, string, double> Value)> weights = [];
        foreach (int property in order.Take(1 + random.Next(MostProperties)))
        {
            double weight = (random.Next(2) == 0 ? 1 : -1) * (0.5 + (0.5 * random.NextDouble()));
            weights.Add((weight, properties[property]));
        }
        Func<int, string, double> style = InDeviations(candidates, (request, answer) => weights.Sum(w => w.Weight * w.Value(request, answer)));
        return relevance is null
            ? new MixedTaste(candidates, style)
            : new MixedTaste(candidates, InDeviations(candidates, (request, answer) => style(request, answer) + relevance[0](request, answer)));
    }

    /// <summary>Somebody who cares for one property alone.</summary>
    /// <param name="candidates">The candidates.</param>
    /// <param name="properties">The properties.</param>
    /// <param name="name">The name of the property.</param>
    /// <param name="sign">1 for more of it, −1 for less.</param>
    internal static MixedTaste Of(Candidates candidates, PropertyTable properties, string name, int sign)
    {
        Func<int, string, double> property = properties[properties.Names.Index().First(n => n.Item == name).Index];
        return new MixedTaste(candidates, InDeviations(candidates, (request, answer) => sign * property(request, answer)));
    }

    private static Func<int, string, double> InDeviations(Candidates candidates, Func<int, string, double> value)
    {
        Standardisation unit = candidates.Standardise(candidates.Values(value));
        return (request, answer) => unit.Apply(request, value(request, answer));
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
