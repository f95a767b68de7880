using System.Threading.Channels;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Daemon.Http;

/// <summary>POST /v1/rounds with "stream": true: server-sent events while the answers are written, then the round.</summary>
internal static class RoundStream
{
    /// <summary>Opens a round, and sends what is certain of its answers as it comes.</summary>
    /// <remarks>An error before the first event is an ordinary error response. A later one is the event error, with the same body.</remarks>
    /// <param name="context">The request.</param>
    /// <param name="loop">The loop.</param>
    /// <param name="request">What to answer.</param>
    /// <param name="cancellationToken">Ends the round: when the client leaves, and when the daemon stops.</param>
    /// <returns>The round; null if it failed after the first event.</returns>
    internal static async Task<Round?> OpenAsync(HttpContext context, PreferenceLoop loop, RoundRequest request, CancellationToken cancellationToken)
    {
        Channel<RoundEvent.Writing> written = NewestWriting();
        Task<Round> opening = loop.OpenRoundAsync(request, written.Writer, cancellationToken);
        // The client may leave at any time. The round then ends by the same token.
        CancellationToken left = context.RequestAborted;
        await foreach (RoundEvent.Writing writing in written.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (!left.IsCancellationRequested)
                await EventEndpoint.Send(context, writing, withText: true, left).ConfigureAwait(false);
        }
        try
        {
            Round round = await opening.ConfigureAwait(false);
            await EventEndpoint.Send(context, "round", RoundBody.Of(round), WireJson.Readable.RoundBody, left).ConfigureAwait(false);
            return round;
        }
        catch (Exception e) when (context.Response.HasStarted && !left.IsCancellationRequested)
        {
            await EventEndpoint.Send(context, "error", Problems.BodyOf(e), WireJson.Readable.ProblemBody, left).ConfigureAwait(false);
            return null;
        }
    }

    /// <summary>A channel for one reader. A later text contains the earlier ones, so a client that reads slowly misses nothing.</summary>
    internal static Channel<RoundEvent.Writing> NewestWriting() =>
        Channel.CreateBounded<RoundEvent.Writing>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
}
