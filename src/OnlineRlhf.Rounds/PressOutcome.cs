namespace OnlineRlhf.Rounds;

/// <summary>What came of a press of a hardware button.</summary>
public enum PressOutcome
{
    /// <summary>It was the answer to the round that is shown.</summary>
    Counted,

    /// <summary>No round waits for an answer.</summary>
    NoRound,

    /// <summary>Answers were being written: what was shown before is no longer meant, and what comes was not seen yet.</summary>
    Generating,

    /// <summary>The finger came before the round was shown.</summary>
    TooEarly,

    /// <summary>Several buttons at once, or one twice: nobody knows what was meant.</summary>
    Unclear,

    /// <summary>The button was down since the start: let it go first.</summary>
    Held,

    /// <summary>The round ended meanwhile, or the answer could not be made durable; the log says why.</summary>
    Refused,
}
