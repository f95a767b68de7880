using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>Follows the daemon's events, also through restarts of the daemon, until the caller cancels.</summary>
internal sealed class EventFeed(DaemonClient daemon, string? profile, bool withText, Action<WatchInput> heard)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1),
        PauseBetweenStarts = TimeSpan.FromSeconds(15);

    // A ready daemon sends at least a comment every 15 seconds.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(40);

    /// <exception cref="DaemonUnreachableException">This user may not connect to the daemon.</exception>
    internal async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            string why;
            TimeSpan pause = Pause;
            try
            {
                await ReadAsync(cancellationToken).ConfigureAwait(false);
                why = "It has ended the connection.";
            }
            catch (DaemonUnreachableException e) when (!e.Forbidden)
            {
                why = e.Message;
                pause = e.CannotStart ? PauseBetweenStarts : Pause;
            }
            catch (Exception e) when (e is IOException or HttpRequestException)
            {
                why = "It has broken off the connection.";
            }
            catch (JsonException)
            {
                why = "It is of another version than this program.";
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                why = $"It has said nothing for {LongestSilence.TotalSeconds:F0} seconds.";
            }
            cancellationToken.ThrowIfCancellationRequested();
            heard(new WatchInput.Lost(why));
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await daemon
            .FollowAsync(withText ? "/v1/events?text=true" : "/v1/events", cancellationToken)
            .ConfigureAwait(false);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false));
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        string name = "",
            data = "";
        // While the model loads, the daemon sends nothing after the first snapshot.
        bool ready = false;
        while (true)
        {
            silence.CancelAfter(ready ? LongestSilence : Timeout.InfiniteTimeSpan);
            switch (await reader.ReadLineAsync(silence.Token).ConfigureAwait(false))
            {
                case null:
                    return;
                case ['e', 'v', 'e', 'n', 't', ':', ' ', .. var rest]:
                    name = rest;
                    break;
                case ['d', 'a', 't', 'a', ':', ' ', .. var rest]:
                    data = rest;
                    break;
                case "" when name.Length > 0:
                    ready |= name != "snapshot" || Read(data, WireJson.Default.SnapshotBody).Status == "ready";
                    await HearAsync(name, data, cancellationToken).ConfigureAwait(false);
                    name = data = "";
                    break;
            }
        }
    }

    private async Task HearAsync(string name, string data, CancellationToken cancellationToken)
    {
        WatchInput? input = name switch
        {
            "snapshot" => new WatchInput.Snapshot(Read(data, WireJson.Default.SnapshotBody)),
            "round.generating" => new WatchInput.Writing(Read(data, WireJson.Default.GeneratingBody)),
            "round.opened" => new WatchInput.Opened(Read(data, WireJson.Default.RoundBody)),
            "round.closed" => new WatchInput.Closed(Read(data, WireJson.Default.ClosedBody)),
            "round.abandoned" => new WatchInput.Abandoned(Read(data, WireJson.Default.AbandonedBody)),
            "recorded" => new WatchInput.Recorded(Read(data, WireJson.Default.RecordedBody)),
            "button" => new WatchInput.Pressed(Read(data, WireJson.Default.ButtonBody)),
            "board" => new WatchInput.Board(Read(data, WireJson.Default.BoardBody)),
            "lagged" => new WatchInput.Lagged(Read(data, WireJson.Default.LaggedBody)),
            _ => null,
        };
        if (input is not null)
            heard(input);
        // After a pair closes, another profile's pair may still be open. The snapshot shows the newest pair of all profiles, which may not be the one
        // of the watched profile. So ask for the current pair.
        if (withText && (input is WatchInput.Closed || (input is WatchInput.Snapshot { Body.Status: "ready" } && profile is not null)))
            heard(new WatchInput.Current(await CurrentAsync(cancellationToken).ConfigureAwait(false)));
    }

    private async Task<RoundBody?> CurrentAsync(CancellationToken cancellationToken)
    {
        string query = profile is null ? "" : $"?profile={Uri.EscapeDataString(profile)}";
        DaemonClient.Reply reply = await daemon.GetAsync("/v1/rounds/current" + query, cancellationToken).ConfigureAwait(false);
        return reply.Succeeded ? reply.Read(WireJson.Default.RoundBody) : null;
    }

    private static T Read<T>(string data, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(data, type) ?? throw new JsonException();
}
