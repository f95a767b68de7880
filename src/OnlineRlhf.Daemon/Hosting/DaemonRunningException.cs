namespace OnlineRlhf.Daemon.Hosting;

/// <summary>Another daemon uses the socket or the state. Ends the program with code 75, because that daemon may be gone at the next try.</summary>
internal sealed class DaemonRunningException(string message) : Exception(message);
