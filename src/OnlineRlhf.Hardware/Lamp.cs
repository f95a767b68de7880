namespace OnlineRlhf.Hardware;

/// <summary>What a lamp says.</summary>
public enum Lamp
{
    /// <summary>Answers are being written.</summary>
    Thinking,

    /// <summary>A pair waits for a press.</summary>
    Ready,

    /// <summary>A comparison was recorded.</summary>
    Recorded,

    /// <summary>Something failed; the log says what.</summary>
    Error,
}
