namespace OnlineRlhf.Hardware;

/// <summary>What a button says.</summary>
public enum Button
{
    /// <summary>The first answer is better.</summary>
    First,

    /// <summary>The second answer is better.</summary>
    Second,

    /// <summary>Neither is better.</summary>
    Tie,

    /// <summary>No opinion.</summary>
    Skip,
}
