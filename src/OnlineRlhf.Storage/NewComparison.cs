namespace OnlineRlhf.Storage;

/// <summary>A comparison to record together with others, as one act of a person.</summary>
/// <param name="Id">The id by which a retry is recognised.</param>
/// <param name="Difference">z, d values.</param>
/// <param name="Label">y: 1, 0, or ½ for a tie.</param>
/// <param name="Kind">How it came about.</param>
public sealed record NewComparison(Guid Id, ReadOnlyMemory<float> Difference, double Label, ComparisonKind Kind);
