namespace OnlineRlhf.Hardware;

/// <summary>What happened at the board.</summary>
public abstract record BoardEvent
{
    private BoardEvent() { }

    /// <summary>A button was pressed, alone and once.</summary>
    /// <param name="Button">Which.</param>
    /// <param name="Began">When its contact closed: a timestamp of the clock.</param>
    public sealed record Pressed(Button Button, long Began) : BoardEvent;

    /// <summary>Several presses came at once. Nobody knows which was meant, so that none counts.</summary>
    /// <param name="Buttons">Which buttons; a single one was pressed twice.</param>
    public sealed record Unclear(IReadOnlyList<Button> Buttons) : BoardEvent;

    /// <summary>A button was down when the board was opened. It counts from when it is let go.</summary>
    /// <param name="Button">Which.</param>
    public sealed record Held(Button Button) : BoardEvent;

    /// <summary>The chip can be used.</summary>
    /// <param name="Chip">Its name and label.</param>
    public sealed record Opened(string Chip) : BoardEvent;

    /// <summary>The chip cannot be used, or no longer. The board tries again.</summary>
    /// <param name="Problem">Why, and what to do.</param>
    public sealed record Lost(string Problem) : BoardEvent;
}
