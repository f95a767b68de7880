using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>The inputs of onlinerlhf watch: from the daemon, the keyboard and the terminal.</summary>
internal abstract record WatchInput
{
    private WatchInput() { }

    internal sealed record Snapshot(SnapshotBody Body) : WatchInput;

    internal sealed record Writing(GeneratingBody Body) : WatchInput;

    internal sealed record Opened(RoundBody Round) : WatchInput;

    internal sealed record Closed(ClosedBody Body) : WatchInput;

    /// <summary>The pair that is open after another one closed; null if there is none.</summary>
    internal sealed record Current(RoundBody? Round) : WatchInput;

    internal sealed record Recorded(RecordedBody Body) : WatchInput;

    internal sealed record Abandoned(AbandonedBody Body) : WatchInput;

    internal sealed record Pressed(ButtonBody Body) : WatchInput;

    internal sealed record Board(BoardBody Body) : WatchInput;

    /// <summary>Events were lost. A snapshot follows.</summary>
    internal sealed record Lagged(LaggedBody Body) : WatchInput;

    /// <summary>The connection to the daemon is lost, and why.</summary>
    internal sealed record Lost(string Why) : WatchInput;

    /// <summary>The user pressed a key.</summary>
    internal sealed record Key(char Character) : WatchInput;

    /// <summary>A message about a key that the daemon did not accept.</summary>
    internal sealed record KeyTaken(string Message) : WatchInput;

    /// <summary>The screen must be redrawn: its size changed, or another program drew on it.</summary>
    internal sealed record Redraw : WatchInput;

    /// <summary>A notice has been shown long enough.</summary>
    internal sealed record Faded(int Notice) : WatchInput;
}
