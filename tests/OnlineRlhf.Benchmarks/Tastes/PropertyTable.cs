using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>
/// The values of some text properties for every candidate, each in standard deviations among the plain candidates of a request, and 0 at their mean:
/// so a
/// plain sample is worth 0 and the unit is one standard deviation of plain samples.
/// </summary>
internal sealed class PropertyTable
{
    /// <summary>A property that never varies among plain answers has no unit; one that varies in one of 500 has.</summary>
    private const double LeastVaried = 0.002;

    private readonly double[][][] _columns;

    private PropertyTable(double[][][] columns, IReadOnlyList<string> names)
    {
        _columns = columns;
        Names = names;
    }

    /// <summary>The properties that vary.</summary>
    internal IReadOnlyList<string> Names { get; }

    /// <summary>The standardised values of one property: by set, by candidate. Sets are numbered as in the candidates.</summary>
    internal double[][] this[int property] => _columns[property];

    /// <summary>The statistics of the feature map but for the overlap with the request.</summary>
    internal static PropertyTable OfStatistics(Candidates candidates)
    {
        TextStatistics statistics = TextStatistics.For("en");
        float[][][] values = [.. candidates.Sets.Select(set => set.Candidates.Select(c => Measure(set.Request, c.Text)).ToArray())];
        return Build(
            candidates,
            [.. TextStatistics.Names.Take(TextStatistics.Count - 1)],
            (property, set, candidate) => values[set][candidate][property]
        );

        float[] Measure(string request, string answer)
        {
            float[] measured = new float[TextStatistics.Count];
            statistics.Measure(request, answer, measured);
            return measured;
        }
    }

    /// <summary>How much of the request's words the answer takes up: the only column.</summary>
    internal static PropertyTable OfOverlap(Candidates candidates)
    {
        TextStatistics statistics = TextStatistics.For("en");
        return Build(
            candidates,
            ["on topic"],
            (_, set, candidate) =>
            {
                float[] measured = new float[TextStatistics.Count];
                statistics.Measure(candidates.Sets[set].Request, candidates.Sets[set].Candidates[candidate].Text, measured);
                return measured[^1];
            }
        );
    }

    /// <summary>The properties that no statistic measures.</summary>
    internal static PropertyTable OfUnmeasured(Candidates candidates) =>
        Build(
            candidates,
            [.. UnmeasuredProperties.All.Select(p => p.Name)],
            (property, set, candidate) => UnmeasuredProperties.All[property].Value(candidates.Sets[set].Candidates[candidate].Text)
        );

    private static PropertyTable Build(Candidates candidates, IReadOnlyList<string> names, Func<int, int, int, double> value)
    {
        List<double[][]> columns = [];
        List<string> varied = [];
        for (int p = 0; p < names.Count; p++)
        {
            double[][] column = [.. candidates.Sets.Select((set, s) => set.Candidates.Select((_, c) => value(p, s, c)).ToArray())];
            double differing = candidates.Plain.Average(s => column[s].Count(v => v != column[s][0]) / (double)column[s].Length);
            if (differing < LeastVaried)
                continue;
            candidates.Standardise(column);
            columns.Add(column);
            varied.Add(names[p]);
        }
        return new PropertyTable([.. columns], varied);
    }
}
