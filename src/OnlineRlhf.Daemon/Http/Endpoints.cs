using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Daemon.Http.OpenAi;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Daemon.Http;

/// <summary>All paths that the daemon answers. docs/openapi.json describes them, and a test checks that both agree.</summary>
internal static class Endpoints
{
    /// <param name="app">The web server.</param>
    /// <param name="events">Carries the events of the loop and the board.</param>
    /// <param name="host">Loads the model and gives the loop.</param>
    /// <param name="board">Knows whether the board works.</param>
    /// <param name="keys">The keys of clients.</param>
    /// <param name="metrics">Counts rounds and responses.</param>
    /// <param name="mostFollowers">How many clients may follow the events at a time, over the Unix socket and over TCP each.</param>
    /// <param name="clock">The daemon's clock.</param>
    internal static void MapAll(
        this WebApplication app,
        EventHub events,
        ModelHost host,
        BoardHost board,
        KeyStore keys,
        Metrics metrics,
        int mostFollowers,
        TimeProvider clock
    )
    {
        app.MapRounds(host, metrics, clock);
        app.MapOpenAi(host, metrics, clock);
        app.MapComparisons(host);
        app.MapLearnedFiles(host);
        app.MapEvents(events, host, board, mostFollowers, clock);
        app.MapKeys(keys);
        app.MapHealth(host, board, metrics, clock);
    }
}
