namespace OnlineRlhf.Inference.Sampling;

/// <summary>The blocks of a steered generation.</summary>
/// <param name="FirstBlock">Tokens of each candidate's first block.</param>
/// <param name="Branches">How many continuations of the chosen branch are written in each later block.</param>
/// <param name="ServedBlock">Tokens of the first block of a round that asks nothing, whose first words are waited for.</param>
/// <param name="ShortBranches">Continuations if answers are short: their beginnings decide less, and they cost little.</param>
/// <param name="ShortAnswer">Answers of fewer tokens are short; 0 if none are.</param>
public sealed record SteeringOptions(
    int FirstBlock = 8,
    int Branches = 3,
    int ServedBlock = 6,
    int ShortBranches = 8,
    int ShortAnswer = SteeringOptions.LongAnswer
)
{
    // Answers are told apart by their beginnings most: the later a block, the longer it is.
    private static readonly int[] Ends = [16, 24, 32, 48, 64, 80];
    private const int LaterBlock = 16;

    /// <summary>How many tokens a block may be longer than planned so that it ends at a word's end.</summary>
    public const int WordPatience = 3;

    /// <summary>Answers of so many tokens are usually long.</summary>
    public const int LongAnswer = 40;

    /// <summary>One answer, of which every word is told as soon as it is written.</summary>
    public static SteeringOptions Unsteered { get; } = new(FirstBlock: 1, Branches: 1);

    /// <summary>Whether the round asks nothing, so that no second answer is written beside the first.</summary>
    public bool IsServed { get; init; }

    /// <summary>How many answers a step writes after the first block, at most.</summary>
    public int LaterRows => Branches == 1 || IsServed ? Branches : Branches + 1;

    /// <summary>
    /// The blocks of one round; null if its answers are chosen whole. The beginning of a short answer says little about it: a pair that is chosen by
    /// beginnings then teaches less. So a round that may ask is steered only once answers are known to be long.
    /// </summary>
    /// <param name="isServed">Whether the round asks nothing.</param>
    /// <param name="expectedTokens">How long the model's answers usually are; null if that is not known.</param>
    public SteeringOptions? For(bool isServed, double? expectedTokens)
    {
        if (isServed)
            return expectedTokens < ShortAnswer
                ? this with
                {
                    Branches = ShortBranches,
                    IsServed = true,
                }
                : this with
                {
                    FirstBlock = ServedBlock,
                    IsServed = true,
                };
        return ShortAnswer == 0 || expectedTokens >= ShortAnswer ? this : null;
    }

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
