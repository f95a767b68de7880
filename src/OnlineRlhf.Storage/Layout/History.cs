namespace OnlineRlhf.Storage.Layout;

/// <summary>What the learned comparisons leave besides the model. Each checkpoint holds it as of its own last comparison.</summary>
/// <param name="Cusum">The CUSUM of surprise that notices a taste that turns; 0 as long as nothing computes it.</param>
/// <param name="Changed">When the CUSUM last raised an alarm, in Unix seconds; 0 where it never did.</param>
/// <param name="Counts">The comparisons by their kind.</param>
internal sealed record History(double Cusum, long Changed, ComparisonCounts Counts)
{
    /// <summary>Before the first comparison.</summary>
    public static readonly History None = new(0, 0, default);

    /// <summary>The history after one more comparison.</summary>
    public History After(SlotRecord slot) => new(Cusum, slot.Reset == 0 ? Changed : slot.Reset, Counts.Add(slot.Kind));
}
