namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>The characters that the screen is drawn with.</summary>
/// <param name="Cut">Where something does not fit.</param>
/// <param name="Between">Between the two answers.</param>
/// <param name="Rule">What lines are made of.</param>
internal sealed record Marks(string Cut, char Between, char Rule)
{
    internal static Marks Unicode { get; } = new("…", '│', '─');

    /// <summary>For the console of a board, whose font may lack the others.</summary>
    internal static Marks Plain { get; } = new("...", '|', '-');
}
