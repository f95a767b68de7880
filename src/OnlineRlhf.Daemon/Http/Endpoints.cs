using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Daemon.Http;

/// <summary>Every path that the daemon answers; docs/openapi.json describes them, and a test holds the two together.</summary>
internal static class Endpoints
{
    /// <param name="app">The web server.</param>
    /// <param name="events">What happens.</param>
    /// <param name="host">Brings the loop.</param>
    /// <param name="board">Says how the board is.</param>
    /// <param name="metrics">Counts what happens.</param>
    /// <param name="mostFollowers">Clients that may follow the events.</param>
    /// <param name="clock">The daemon's clock.</param>
    internal static void MapAll(
        this WebApplication app,
        EventHub events,
        ModelHost host,
        BoardHost board,
        Metrics metrics,
        int mostFollowers,
        TimeProvider clock
    )
    {
        app.MapRounds(host, metrics, clock);
        app.MapComparisons(host);
        app.MapLearnedFiles(host);
        app.MapEvents(events, host, board, mostFollowers, clock);
        app.MapHealth(host, board, metrics, clock);
    }
}
