namespace OnlineRlhf.Daemon.Cli;

/// <summary>
/// No daemon answers on the socket. Ends the program with code 75, because the next try may succeed; with code 1 if trying again does not help.
/// </summary>
internal sealed class DaemonUnreachableException(string message) : Exception(message)
{
    /// <summary>
    /// Whether each try makes systemd start a daemon that ends at once. A client must then try rarely, because systemd allows only a few
    /// starts a minute.
    /// </summary>
    internal bool CannotStart { get; init; }

    /// <summary>Whether this user lacks the permission to connect.</summary>
    internal bool Forbidden { get; init; }
}
