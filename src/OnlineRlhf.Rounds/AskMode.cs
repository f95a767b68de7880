namespace OnlineRlhf.Rounds;

/// <summary>When a round shows two answers and asks which is better.</summary>
public enum AskMode
{
    /// <summary>In every round that has two different answers.</summary>
    Always,

    /// <summary>Only if another answer might turn out better than the one to serve, but in at least one round of eight.</summary>
    WhenUseful,

    /// <summary>Never: the daemon serves the best answer.</summary>
    Never,
}
