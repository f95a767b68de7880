using System.Net.Sockets;
using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.Watching;

/// <summary>GET /v1/events.</summary>
public sealed class EventTests
{
    [PublishedFact]
    public async Task A_round_is_seen_from_its_first_tokens_until_it_is_recorded()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await using EventStream events = await EventStream.OpenAsync(daemon);

        Assert.Equal("text/event-stream", events.ContentType);
        EventStream.Event snapshot = await events.NextAsync();
        Assert.Equal(("snapshot", "ready"), (snapshot.Name, snapshot.Data.GetProperty("status").GetString()));
        Assert.Equal(JsonValueKind.Null, snapshot.Data.GetProperty("round").ValueKind);
        Assert.Equal(JsonValueKind.Null, snapshot.Data.GetProperty("comparisons").ValueKind);
        Assert.Empty(snapshot.Data.GetProperty("buttons").EnumerateArray());

        Reply round = await daemon.Client.AskForTwoAsync("Can you tell me about the moon?", "seen");
        EventStream.Event happened = await events.NextAsync();
        int tokens = 0;
        for (; happened.Name == "round.generating"; happened = await events.NextAsync())
        {
            Assert.Equal("seen", happened.Data.GetProperty("profile").GetString());
            Assert.InRange(happened.Data.GetProperty("tokens").GetInt32(), tokens, int.MaxValue);
            Assert.InRange(happened.Data.GetProperty("finished").GetInt32(), 0, happened.Data.GetProperty("candidates").GetInt32());
            tokens = happened.Data.GetProperty("tokens").GetInt32();
        }
        Assert.True(tokens > 0, "No progress was seen.");
        Assert.Equal("round.opened", happened.Name);
        Assert.Equal(round.Id, happened.Data.GetProperty("id").GetString());
        Assert.Equal(JsonValueKind.Null, happened.Data.GetProperty("first").GetProperty("text").ValueKind);
        Assert.Equal(JsonValueKind.Null, happened.Data.GetProperty("second").GetProperty("text").ValueKind);

        await daemon.Client.PreferAsync(round.Id, "first");
        EventStream.Event closed = await events.NextAsync(),
            recorded = await events.NextAsync(),
            learned = await events.NextAsync();
        Assert.Equal(
            ("round.closed", round.Id, "feedback"),
            (closed.Name, closed.Data.GetProperty("id").GetString(), closed.Data.GetProperty("reason").GetString())
        );
        Assert.Equal(
            ("recorded", round.Id, 1),
            (recorded.Name, recorded.Data.GetProperty("id").GetString(), recorded.Data.GetProperty("comparisons").GetInt32())
        );
        // The old name, for one version.
        Assert.Equal(
            ("learned", round.Id, 1),
            (learned.Name, learned.Data.GetProperty("id").GetString(), learned.Data.GetProperty("comparisons").GetInt32())
        );
    }

    [PublishedFact]
    public async Task Skipped_superseded_and_expired_rounds_close_with_their_reason()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--round-lifetime", "3");
        await using EventStream events = await EventStream.OpenAsync(daemon);
        await events.NextAsync();
        Reply skipped = await daemon.Client.AskForTwoAsync();
        await daemon.Client.PreferAsync(skipped.Id, "skip");
        await daemon.Client.AskForTwoAsync();
        await daemon.Client.AskForTwoAsync();
        List<string> reasons = [];
        while (reasons.Count < 3)
        {
            EventStream.Event happened = await events.NextStepAsync();
            Assert.NotEqual("recorded", happened.Name);
            Assert.NotEqual("learned", happened.Name);
            if (happened.Name == "round.closed")
                reasons.Add(happened.Data.GetProperty("reason").GetString()!);
        }

        Assert.Equal(["skipped", "superseded", "expired"], reasons);
    }

    [PublishedFact]
    public async Task Text_is_shown_to_who_asks_for_it_and_the_open_round_stands_in_the_snapshot()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await using EventStream live = await EventStream.OpenAsync(daemon, "?text=true");
        await live.NextAsync();
        await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync()).Id, "tie");
        Reply round = await daemon.Client.AskForTwoAsync();
        await using EventStream late = await EventStream.OpenAsync(daemon, "?text=true"),
            silent = await EventStream.OpenAsync(daemon);
        JsonElement opened = (await live.NextStepAsync()).Data,
            snapshot = (await late.NextAsync()).Data,
            shown = snapshot.GetProperty("round"),
            hidden = (await silent.NextAsync()).Data.GetProperty("round");

        // A model that gave a single answer before leaves an earlier round in the stream.
        while (opened.GetProperty("id").GetString() != round.Id || !opened.TryGetProperty("first", out _))
            opened = (await live.NextStepAsync()).Data;
        Assert.Equal(round.First, opened.GetProperty("first").GetProperty("text").GetString());
        Assert.Equal(1, snapshot.GetProperty("comparisons").GetInt32());
        Assert.Equal(round.First, shown.GetProperty("first").GetProperty("text").GetString());
        Assert.Equal(round.Id, hidden.GetProperty("id").GetString());
        Assert.Equal(JsonValueKind.Null, hidden.GetProperty("first").GetProperty("text").ValueKind);
    }

    [PublishedFact]
    public async Task A_watcher_of_a_loading_daemon_is_told_so_and_then_that_it_is_ready()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = DaemonProcess.Start(folder);
        await daemon.WaitUntilConnectableAsync();
        await using EventStream events = await EventStream.OpenAsync(daemon);
        EventStream.Event snapshot = await events.NextAsync();
        if (snapshot.Data.GetProperty("status").GetString() == "loading")
            snapshot = await events.NextAsync();

        Assert.Equal(("snapshot", "ready"), (snapshot.Name, snapshot.Data.GetProperty("status").GetString()));
    }

    [PublishedFact]
    public async Task No_event_is_lost_to_a_heartbeat()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await using EventStream events = await EventStream.OpenAsync(daemon);
        await events.NextAsync();
        Reply round = await daemon.Client.AskForTwoAsync();
        while ((await events.NextStepAsync()).Data.GetProperty("id").GetString() != round.Id) { }
        await events.HeartbeatAsync();
        await daemon.Client.PreferAsync(round.Id, "first");

        Assert.Equal("round.closed", (await events.NextAsync()).Name);
        Assert.Equal("recorded", (await events.NextAsync()).Name);
        Assert.Equal("learned", (await events.NextAsync()).Name);
    }

    [PublishedFact]
    public async Task A_watcher_that_read_too_slowly_is_told_so_and_then_how_things_stand()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await using EventStream slow = await EventStream.OpenAsync(daemon);
        // The connection holds some hundred kilobytes of events before the daemon has to keep them.
        string profile = new('p', 64),
            last = "";
        for (int n = 0; n < 1500; n++)
            last = (await daemon.Client.AskAsync("Hello", profile, "\"candidates\": 1, \"max_tokens\": 1")).Id;
        int lost = 0;
        for (string seen = ""; seen != last; )
        {
            EventStream.Event happened = await slow.NextStepAsync();
            if (happened.Name == "lagged")
            {
                lost += happened.Data.GetProperty("count").GetInt32();
                Assert.Equal("snapshot", (await slow.NextAsync()).Name);
            }
            else if (happened.Name == "round.opened")
                seen = happened.Data.GetProperty("id").GetString()!;
        }

        Assert.True(lost > 0, "The watcher was not slow: it shows nothing.");
    }

    [PublishedFact]
    public async Task A_watcher_that_stops_reading_holds_nobody_up()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        List<Socket> stuck = [];
        for (int i = 0; i < 5; i++)
        {
            Socket socket = await daemon.Client.ConnectAsync(TestContext.Current.CancellationToken);
            socket.ReceiveBufferSize = 1024;
            await socket.SendAsync("GET /v1/events?text=true HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            stuck.Add(socket);
        }
        for (int n = 1; n <= 30; n++)
            Assert.Equal(n, (await daemon.Client.PreferAsync((await daemon.Client.AskForTwoAsync()).Id, "first")).Comparisons);
        (int code, TimeSpan took) = await daemon.StopAsync();
        stuck.ForEach(s => s.Dispose());

        Assert.Equal(0, code);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }
}
