namespace OnlineRlhf.Inference.Sampling;

/// <summary>The blocks of a steered generation.</summary>
/// <param name="FirstBlock">Tokens of each candidate's first block.</param>
/// <param name="Branches">How many continuations of the chosen branch are written in each later block.</param>
public sealed record SteeringOptions(int FirstBlock = 8, int Branches = 3)
{
    // Answers are told apart by their beginnings most: the later a block, the longer it is.
    private static readonly int[] Ends = [16, 24, 32, 48, 64, 80];
    private const int LaterBlock = 16;

    /// <summary>Where the block ends that begins after so many tokens.</summary>
    internal int NextEnd(int tokens)
    {
        foreach (int end in Ends)
        {
            if (end > Math.Max(tokens, FirstBlock))
                return end;
        }
        return tokens + LaterBlock;
    }
}
