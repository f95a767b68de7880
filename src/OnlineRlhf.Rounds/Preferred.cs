namespace OnlineRlhf.Rounds;

/// <summary>What a person said of the two answers.</summary>
public enum Preferred
{
    /// <summary>The first one is better.</summary>
    First,

    /// <summary>The second one is better.</summary>
    Second,

    /// <summary>Neither is better: both good or both bad. Learned as a label of ½.</summary>
    Tie,

    /// <summary>No answer: nothing is learned and nothing is recorded.</summary>
    Skip,
}
