using System.Collections.Concurrent;
using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>
/// Text properties of answers, each in standard deviations among the plain candidates of a request, and 0 at their mean. So a plain sample is worth 0
/// and the unit is one standard deviation of plain samples.
/// </summary>
internal sealed class PropertyTable
{
    /// <summary>A property that never varies among plain answers has no unit; one that varies in one of 500 has.</summary>
    private const double LeastVaried = 0.002;

    private readonly List<Func<int, string, double>> _columns = [];

    private PropertyTable(Candidates candidates, IReadOnlyList<(string Name, Func<string, string, double> Value)> properties)
    {
        List<string> names = [];
        foreach ((string name, Func<string, string, double> value) in properties)
        {
            ConcurrentDictionary<(int Request, string Answer), double> known = [];
            double[][] column = candidates.Values(Raw);
            double differing = candidates.Plain.Average(s => column[s].Count(v => v != column[s][0]) / (double)column[s].Length);
            if (differing < LeastVaried)
                continue;
            Standardisation unit = candidates.Standardise(column);
            _columns.Add((request, answer) => unit.Apply(request, Raw(request, answer)));
            names.Add(name);

            // Many people look at the same answers.
            double Raw(int request, string answer) => known.GetOrAdd((request, answer), a => value(candidates.Request(a.Request), a.Answer));
        }
        Names = names;
    }

    /// <summary>The properties that vary.</summary>
    internal IReadOnlyList<string> Names { get; }

    /// <summary>The standardised value of one property, of an answer to a request.</summary>
    internal Func<int, string, double> this[int property] => _columns[property];

    /// <summary>The statistics of the feature map but for the overlap with the request.</summary>
    internal static PropertyTable OfStatistics(Candidates candidates) =>
        new(candidates, [.. TextStatistics.Names.Take(TextStatistics.Count - 1).Select((name, i) => (name, Statistic(i)))]);

    /// <summary>How much of the request's words the answer takes up: the only column. Null if that never varies.</summary>
    internal static PropertyTable? OfOverlap(Candidates candidates) =>
        new PropertyTable(candidates, [("on topic", Statistic(TextStatistics.Count - 1))]) is { Names.Count: > 0 } overlap ? overlap : null;

    /// <summary>The properties that no statistic measures.</summary>
    internal static PropertyTable OfUnmeasured(Candidates candidates) =>
        new(candidates, [.. UnmeasuredProperties.All.Select(p => (p.Name, (Func<string, string, double>)((_, answer) => p.Value(answer))))]);

    private static Func<string, string, double> Statistic(int index) =>
        (request, answer) =>
        {
            float[] measured = new float[TextStatistics.Count];
            TextStatistics.For("en").Measure(request, answer, measured);
            return measured[index];
        };
}
