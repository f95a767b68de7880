namespace OnlineRlhf.Hardware;

/// <summary>How buttons and lamps are wired.</summary>
public sealed record BoardOptions
{
    /// <summary>The label of the GPIO chip as gpiodetect prints it, or its name: numbers change from one start to the next, labels do not.</summary>
    public required string Chip { get; init; }

    /// <summary>The line of each button that is there.</summary>
    public required IReadOnlyDictionary<Button, int> Buttons { get; init; }

    /// <summary>The line of each lamp that is there.</summary>
    public IReadOnlyDictionary<Lamp, int> Lamps { get; init; } = new Dictionary<Lamp, int>();

    /// <summary>Whether a pressed button pulls its line low.</summary>
    public bool ButtonsActiveLow { get; init; } = true;

    /// <summary>What holds the line of an open button.</summary>
    public Bias Bias { get; init; } = Bias.Up;

    /// <summary>How long a contact must stay as it is to count: contacts bounce for some milliseconds.</summary>
    public TimeSpan Debounce { get; init; } = TimeSpan.FromMilliseconds(30);

    /// <summary>Whether a lamp shines while its line is low.</summary>
    public bool LampsActiveLow { get; init; }
}
