namespace OnlineRlhf.Daemon.Cli;

/// <summary>
/// No daemon answers on the socket. Ends the program with code 75: it may be there at the next try; with 1 where trying again does not help.
/// </summary>
internal sealed class DaemonUnreachableException(string message) : Exception(message)
{
    /// <summary>Whether each try starts a daemon that ends at once: who tries again must not use up the starts that systemd allows.</summary>
    internal bool CannotStart { get; init; }

    /// <summary>Whether this user may not talk to it.</summary>
    internal bool Forbidden { get; init; }
}
