using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Daemon.Http;

/// <summary>GET /v1/events: server-sent events, beginning with a snapshot. They contain the texts of answers only with ?text=true.</summary>
internal static class EventEndpoint
{
    internal const string ContentType = "text/event-stream; charset=utf-8";

    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15),
        ProgressInterval = TimeSpan.FromMilliseconds(100);

    internal static void MapEvents(this WebApplication app, EventHub events, ModelHost host, BoardHost board, int mostFollowers, TimeProvider clock)
    {
        // On the Unix socket, and over TCP.
        int[] followers = new int[2];
        app.MapRead(
            "/v1/events",
            async context =>
            {
                if (HttpMethods.IsHead(context.Request.Method))
                {
                    context.Response.ContentType = ContentType;
                    return;
                }
                int kind = Caller.Of(context) == Caller.Local ? 0 : 1;
                try
                {
                    // A follower keeps its connection open as long as it likes. Leave connections for other clients.
                    if (Interlocked.Increment(ref followers[kind]) <= mostFollowers)
                        await Follow(context).ConfigureAwait(false);
                    else
                        await Refuse(context).ConfigureAwait(false);
                }
                finally
                {
                    Interlocked.Decrement(ref followers[kind]);
                }
            }
        );

        async Task Follow(HttpContext context)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, app.Lifetime.ApplicationStopping);
            bool withText = string.Equals(context.Request.Query["text"], "true", StringComparison.OrdinalIgnoreCase);
            try
            {
                await Stream(context, events, host, board, clock, withText, either.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or TimeoutException)
            {
                // The client left, the daemon is stopping, or the model takes too long to load: the stream just ends.
            }
        }

        Task Refuse(HttpContext context)
        {
            context.Response.Headers.RetryAfter = Problems.RetryAfter;
            context.Response.Headers.Connection = "close";
            return Problems.Write(
                context,
                ProblemKind.Busy,
                $"{mostFollowers} clients follow the events already, as many as may: close those that are not used, or try again in a few seconds."
            );
        }
    }

    private static async Task Stream(
        HttpContext context,
        EventHub events,
        ModelHost host,
        BoardHost board,
        TimeProvider clock,
        bool withText,
        CancellationToken cancellationToken
    )
    {
        var caller = Caller.Of(context);
        if (host.Loop is null)
            await Send(context, "snapshot", Snapshot("loading", null, null), WireJson.Readable.SnapshotBody, cancellationToken).ConfigureAwait(false);
        PreferenceLoop loop = await host.WaitAsync(cancellationToken).ConfigureAwait(false);
        using EventHub.Subscription subscription = events.Follow();
        await SendSnapshot().ConfigureAwait(false);
        long? progress = null;
        Task<bool> more = subscription.Events.WaitToReadAsync(cancellationToken).AsTask();
        while (true)
        {
            try
            {
                await more.WaitAsync(Heartbeat, clock, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // Writing a comment line shows whether the client is still connected.
                await Write(context, ":\n\n", cancellationToken).ConfigureAwait(false);
                continue;
            }
            while (subscription.Events.TryRead(out RoundEvent? happened))
            {
                if (!IsFor(happened, caller))
                    continue;
                // Each token publishes progress, but a follower needs only about ten updates a second. Send the first one at once.
                bool generating = happened is RoundEvent.Generating { Progress.Tokens: > 0 };
                if (generating && progress is { } last && clock.GetElapsedTime(last) < ProgressInterval)
                    continue;
                if (happened is not RoundEvent.Writing)
                    progress = generating ? clock.GetTimestamp() : null;
                await Send(context, happened, withText, cancellationToken).ConfigureAwait(false);
                // Lost events are not sent again; a snapshot shows the present state instead.
                if (happened is RoundEvent.Lagged)
                    await SendSnapshot().ConfigureAwait(false);
            }
            more = subscription.Events.WaitToReadAsync(cancellationToken).AsTask();
        }

        Task SendSnapshot()
        {
            Round? current = loop.Current(caller.OnlyProfile);
            SnapshotBody snapshot = current is not { Asked: true }
                ? Snapshot("ready", null, null)
                : Snapshot("ready", RoundBody.Of(current, withText), loop.CountComparisons(current.Profile));
            return Send(context, "snapshot", snapshot, WireJson.Readable.SnapshotBody, cancellationToken);
        }

        SnapshotBody Snapshot(string status, RoundBody? round, long? comparisons) =>
            new(status, round, comparisons, board.Buttons, board.IsWanted ? board.Problem : null);
    }

    /// <summary>Whether a caller may know of an event. What the board does belongs to no profile, but the round that a press was for does.</summary>
    private static bool IsFor(RoundEvent happened, Caller caller) =>
        happened switch
        {
            RoundEvent.Generating e => caller.Sees(e.Profile),
            RoundEvent.Writing e => caller.Sees(e.Profile),
            RoundEvent.Opened e => caller.Sees(e.Round.Profile),
            RoundEvent.Closed e => caller.Sees(e.Profile),
            RoundEvent.Recorded e => caller.Sees(e.Profile),
            RoundEvent.Abandoned e => caller.Sees(e.Profile),
            RoundEvent.Pressed e => e.Round is not { } round || caller.Sees(round),
            _ => true,
        };

    /// <summary>Writes an event, with the texts of answers only if the client asked for them.</summary>
    internal static Task Send(HttpContext context, RoundEvent happened, bool withText, CancellationToken cancellationToken) =>
        happened switch
        {
            RoundEvent.Generating e => Send(
                context,
                "round.generating",
                new GeneratingBody(e.Profile, e.Progress.Tokens, e.Progress.Finished, e.Progress.Candidates),
                WireJson.Readable.GeneratingBody,
                cancellationToken
            ),
            // This event has nothing but texts.
            RoundEvent.Writing e => withText
                ? Send(context, "round.writing", new WritingBody(e.Profile, e.First, e.Second), WireJson.Readable.WritingBody, cancellationToken)
                : Task.CompletedTask,
            RoundEvent.Opened e => Send(context, "round.opened", RoundBody.Of(e.Round, withText), WireJson.Readable.RoundBody, cancellationToken),
            RoundEvent.Closed e => Send(
                context,
                "round.closed",
                new ClosedBody(e.Id, e.Profile, WireName.Of(e.Reason)),
                WireJson.Readable.ClosedBody,
                cancellationToken
            ),
            RoundEvent.Recorded e => SendRecorded(context, new RecordedBody(e.Id, e.Profile, e.Comparisons, WireName.Of(e.Kind)), cancellationToken),
            RoundEvent.Abandoned e => Send(
                context,
                "round.abandoned",
                new AbandonedBody(e.Profile),
                WireJson.Readable.AbandonedBody,
                cancellationToken
            ),
            RoundEvent.Pressed e => Send(
                context,
                "button",
                new ButtonBody([.. e.Buttons.Select(WireName.Of)], WireName.Of(e.Outcome), e.Round),
                WireJson.Readable.ButtonBody,
                cancellationToken
            ),
            RoundEvent.Board e => Send(context, "board", new BoardBody(e.Problem), WireJson.Readable.BoardBody, cancellationToken),
            RoundEvent.Lagged e => Send(context, "lagged", new LaggedBody(e.Count), WireJson.Readable.LaggedBody, cancellationToken),
            _ => throw new InvalidOperationException($"No event name for {happened.GetType()}."),
        };

    /// <summary>Clients of version 0.1.0 expect the event's old name, learned. So the daemon sends it too, for one more version.</summary>
    private static async Task SendRecorded(HttpContext context, RecordedBody body, CancellationToken cancellationToken)
    {
        await Send(context, "recorded", body, WireJson.Readable.RecordedBody, cancellationToken).ConfigureAwait(false);
        await Send(context, "learned", body, WireJson.Readable.RecordedBody, cancellationToken).ConfigureAwait(false);
    }

    internal static Task Send<T>(HttpContext context, string name, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        Write(context, $"event: {name}\ndata: {JsonSerializer.Serialize(body, type)}\n\n", cancellationToken);

    /// <summary>Writes lines of a stream of events, and sends them at once. The first ones begin the response.</summary>
    internal static async Task Write(HttpContext context, string lines, CancellationToken cancellationToken)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = ContentType;
            context.Response.Headers.CacheControl = "no-store";
        }
        await context.Response.WriteAsync(lines, cancellationToken).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }
}
