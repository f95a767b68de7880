using OnlineRlhf.Experiments.Settings;

namespace OnlineRlhf.Experiments.Cells;

/// <summary>One job of the report: one variant of an experiment with one seed.</summary>
/// <param name="Experiment">The experiment's name.</param>
/// <param name="Variant">What is varied.</param>
/// <param name="Seed">The seed: cells of one seed see the same problem.</param>
/// <param name="Run">Computes it.</param>
internal sealed record Cell(string Experiment, string Variant, int Seed, Func<CancellationToken, Outcome> Run)
{
    /// <summary>Whether it measures times, and so runs while nothing else does.</summary>
    internal bool Alone { get; init; }

    internal string Id => $"{Experiment}/{Variant}/{Seed}";
}
