namespace OnlineRlhf.Experiments.Cells;

/// <summary>What a cell gave, as its file holds it.</summary>
/// <param name="Build">The program that computed it: results of different programs do not mix.</param>
/// <param name="Machine">Where.</param>
/// <param name="Experiment">The experiment's name.</param>
/// <param name="Variant">What is varied.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Numbers">What is the same wherever it is computed.</param>
/// <param name="Times">What is not.</param>
internal sealed record Result(
    string Build,
    string Machine,
    string Experiment,
    string Variant,
    int Seed,
    SortedDictionary<string, double> Numbers,
    SortedDictionary<string, double> Times
);
