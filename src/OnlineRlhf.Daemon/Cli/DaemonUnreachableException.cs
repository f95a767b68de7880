namespace OnlineRlhf.Daemon.Cli;

/// <summary>No daemon answers on the socket. Ends the program with code 75: it may be there at the next try.</summary>
internal sealed class DaemonUnreachableException(string message) : Exception(message)
{
    /// <summary>Whether each try starts a daemon that ends at once: who tries again must not use up the starts that systemd allows.</summary>
    internal bool CannotStart { get; init; }
}
