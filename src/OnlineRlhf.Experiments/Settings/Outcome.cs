namespace OnlineRlhf.Experiments.Settings;

/// <summary>What one run of an experiment measured: numbers, which are the same on every machine of one kind, and times, which are not.</summary>
internal sealed class Outcome
{
    public SortedDictionary<string, double> Numbers { get; init; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, double> Times { get; init; } = new(StringComparer.Ordinal);
}
