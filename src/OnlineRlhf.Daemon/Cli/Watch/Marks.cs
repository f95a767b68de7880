namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>The characters with which the screen is drawn.</summary>
/// <param name="Cut">Marks text that was cut off.</param>
/// <param name="Between">Separates the two answers.</param>
/// <param name="Rule">Draws horizontal lines.</param>
internal sealed record Marks(string Cut, char Between, char Rule)
{
    internal static Marks Unicode { get; } = new("…", '│', '─');

    /// <summary>For the Linux console, whose font may lack the other characters.</summary>
    internal static Marks Plain { get; } = new("...", '|', '-');
}
