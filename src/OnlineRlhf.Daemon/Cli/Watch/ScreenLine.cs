namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>A line of the screen.</summary>
internal readonly record struct ScreenLine(string Text, Emphasis Emphasis = Emphasis.None);

internal enum Emphasis
{
    None,
    Strong,
    Faint,
}
