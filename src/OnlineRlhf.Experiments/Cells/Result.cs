namespace OnlineRlhf.Experiments.Cells;

/// <summary>The result of a cell, as its file holds it.</summary>
/// <param name="Build">The program that computed it: results of different programs do not mix.</param>
/// <param name="Machine">The machine that computed it.</param>
/// <param name="Experiment">The experiment's name.</param>
/// <param name="Variant">What is varied.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Numbers">Measures that are the same wherever they are computed.</param>
/// <param name="Times">Times, which are not.</param>
internal sealed record Result(
    string Build,
    string Machine,
    string Experiment,
    string Variant,
    int Seed,
    SortedDictionary<string, double> Numbers,
    SortedDictionary<string, double> Times
);
