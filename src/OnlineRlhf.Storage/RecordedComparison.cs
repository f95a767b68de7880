namespace OnlineRlhf.Storage;

/// <summary>A comparison of the ring without z: enough to answer a client that sends its feedback again.</summary>
/// <param name="RoundId">The round the feedback was given to.</param>
/// <param name="Sequence">The comparison's number, from 1.</param>
/// <param name="Label">y: 1 where the first answer was preferred, 0 where the second was, ½ for a tie.</param>
/// <param name="Kind">How it came about.</param>
public readonly record struct RecordedComparison(Guid RoundId, long Sequence, double Label, ComparisonKind Kind);
