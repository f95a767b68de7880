namespace OnlineRlhf.Rounds;

/// <summary>When a round shows two answers and asks which is better.</summary>
public enum AskMode
{
    /// <summary>In every round that has two different answers.</summary>
    Always,

    /// <summary>
    /// Where another answer might still turn out better than the one that would be served, and never fewer than one round in eight.
    /// </summary>
    WhenUseful,

    /// <summary>Never: the best answer is served.</summary>
    Never,
}
