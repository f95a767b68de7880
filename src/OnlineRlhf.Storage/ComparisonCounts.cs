namespace OnlineRlhf.Storage;

/// <summary>How many comparisons of each kind a state has learned since it was made, not only those that the ring still holds.</summary>
/// <param name="Unknown">Recorded by an earlier version.</param>
/// <param name="Press">Presses.</param>
/// <param name="Brought">Comparisons that a client brought.</param>
/// <param name="Talk">Learned from a conversation.</param>
/// <param name="Word">Learned from a wish about manner.</param>
public readonly record struct ComparisonCounts(long Unknown, long Press, long Brought, long Talk, long Word)
{
    /// <summary>Of every kind.</summary>
    public long Total => Unknown + Press + Brought + Talk + Word;

    /// <summary>The counts after one more comparison.</summary>
    internal ComparisonCounts Add(ComparisonKind kind) =>
        kind switch
        {
            ComparisonKind.Press => this with { Press = Press + 1 },
            ComparisonKind.Brought => this with { Brought = Brought + 1 },
            ComparisonKind.Talk => this with { Talk = Talk + 1 },
            ComparisonKind.Word => this with { Word = Word + 1 },
            _ => this with { Unknown = Unknown + 1 },
        };
}
