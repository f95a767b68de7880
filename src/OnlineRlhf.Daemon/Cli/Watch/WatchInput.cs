using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>What a watcher hears: from the daemon, the keyboard and the terminal.</summary>
internal abstract record WatchInput
{
    private WatchInput() { }

    internal sealed record Snapshot(SnapshotBody Body) : WatchInput;

    internal sealed record Writing(GeneratingBody Body) : WatchInput;

    internal sealed record Opened(RoundBody Round) : WatchInput;

    internal sealed record Closed(ClosedBody Body) : WatchInput;

    /// <summary>The pair that is open now, asked for after one was closed; null where there is none.</summary>
    internal sealed record Current(RoundBody? Round) : WatchInput;

    internal sealed record Recorded(RecordedBody Body) : WatchInput;

    internal sealed record Abandoned(AbandonedBody Body) : WatchInput;

    internal sealed record Pressed(ButtonBody Body) : WatchInput;

    internal sealed record Board(BoardBody Body) : WatchInput;

    /// <summary>Events were lost; a snapshot follows.</summary>
    internal sealed record Lagged(LaggedBody Body) : WatchInput;

    /// <summary>The daemon is away, and why.</summary>
    internal sealed record Lost(string Why) : WatchInput;

    /// <summary>A key of the keyboard.</summary>
    internal sealed record Key(char Character) : WatchInput;

    /// <summary>What came of a key.</summary>
    internal sealed record KeyTaken(string Message) : WatchInput;

    /// <summary>The screen must be drawn anew: it has another size, or something else was drawn on it.</summary>
    internal sealed record Redraw : WatchInput;

    /// <summary>A notice has been shown long enough.</summary>
    internal sealed record Faded(int Notice) : WatchInput;
}
