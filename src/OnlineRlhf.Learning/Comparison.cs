namespace OnlineRlhf.Learning;

/// <summary>One preference: z = φ(x,a) − φ(x,a′) and y, the label of the first answer.</summary>
/// <param name="Difference">
/// z, the feature difference, one float per dimension. Storage keeps exactly these floats, so that a replay computes the same bits.
/// </param>
/// <param name="Label">y: 1 where a was preferred, 0 where a′ was, ½ for a tie.</param>
public readonly ref struct Comparison(ReadOnlySpan<float> Difference, double Label)
{
    /// <summary>z, one float per dimension.</summary>
    public ReadOnlySpan<float> Difference { get; } = Difference;

    /// <summary>y, in [0, 1].</summary>
    public double Label { get; } = Label;
}
