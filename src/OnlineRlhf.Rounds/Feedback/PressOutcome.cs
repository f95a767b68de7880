namespace OnlineRlhf.Rounds.Feedback;

/// <summary>The outcome of a press of a hardware button.</summary>
public enum PressOutcome
{
    /// <summary>The press answered the round on display.</summary>
    Counted,

    /// <summary>No round waits for an answer.</summary>
    NoRound,

    /// <summary>The model was writing answers. The person no longer meant the old pair, and had not seen the new one yet.</summary>
    Generating,

    /// <summary>The press began before the round was shown.</summary>
    TooEarly,

    /// <summary>The person pressed several buttons at once, or one twice, so the meaning is unclear.</summary>
    Unclear,

    /// <summary>The button has been down since the start. The person must release it first.</summary>
    Held,

    /// <summary>The round ended in the meantime, or the answer could not be made durable. The log says why.</summary>
    Refused,
}
