namespace OnlineRlhf.Rounds.Feedback;

/// <summary>A person's answer to a round.</summary>
public enum Preferred
{
    /// <summary>The first one is better.</summary>
    First,

    /// <summary>The second one is better.</summary>
    Second,

    /// <summary>Neither is better: both are good, or both are bad. Learned as a label of ½.</summary>
    Tie,

    /// <summary>No answer: nothing is learned and nothing is recorded.</summary>
    Skip,
}
