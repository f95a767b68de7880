namespace OnlineRlhf.Daemon.Cli;

/// <summary>No daemon answers on the socket. Ends the program with code 75: it may be there at the next try.</summary>
internal sealed class DaemonUnreachableException(string message) : Exception(message);
