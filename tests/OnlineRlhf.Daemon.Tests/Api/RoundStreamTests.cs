using System.Text.Json;
using System.Text.RegularExpressions;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Daemon.Tests.Api;

/// <summary>A round whose answers are sent while they are written.</summary>
public sealed partial class RoundStreamTests
{
    private const string Request =
        """{"messages": [{"role": "user", "content": "Tell me a story about the sea."}], "seed": 3, "stream": true MORE}""";

    [Theory]
    [InlineData("always")]
    [InlineData("never")]
    public async Task What_is_certain_comes_first_and_the_round_last(string ask)
    {
        await using var api = new LiveApi(SamplingMode.Steered);
        await api.LoadAsync();
        LiveApi.Answer answer = await api.CallAsync(ApiOperation.Named("openRound"), Body($""", "ask": "{ask}" """));
        Assert.Equal((200, "text/event-stream"), (answer.Status, answer.ContentType.Split(';')[0]));
        MatchCollection events = Event().Matches(answer.Body);
        RoundBody round = JsonSerializer.Deserialize(events[^1].Groups[2].Value, WireJson.Complete.RoundBody)!;
        Assert.Equal("round", events[^1].Groups[1].Value);
        Assert.Equal(ask == "always", round.Asked);
        // The demo model's answers are short: the two of a round that asks are chosen whole.
        Assert.Equal(round.Asked, events.Count == 1);
        foreach (Match one in events.SkipLast(1))
        {
            Assert.Equal("round.writing", one.Groups[1].Value);
            WritingBody writing = JsonSerializer.Deserialize(one.Groups[2].Value, WireJson.Complete.WritingBody)!;
            Assert.Equal(round.Asked, writing.Second is not null);
            Assert.StartsWith(writing.First, round.First.Text, StringComparison.Ordinal);
            Assert.StartsWith(writing.Second ?? "", round.Second?.Text ?? "", StringComparison.Ordinal);
        }
        Assert.Equal(round.Id, api.Loop.Find(round.Id)?.Id);
    }

    [Fact]
    public async Task Whole_answers_come_at_once()
    {
        await using var api = new LiveApi();
        await api.LoadAsync();
        LiveApi.Answer answer = await api.CallAsync(ApiOperation.Named("openRound"), Body(""));
        Assert.Equal("round", Assert.Single(Event().Matches(answer.Body)).Groups[1].Value);
    }

    [Fact]
    public async Task A_daemon_that_stops_says_so_in_the_stream()
    {
        MatchCollection events;
        // On a busy machine the answer may be whole before the daemon stops.
        do events = await StopWhileWritingAsync();
        while (events.Count == 0 || events[^1].Groups[1].Value == "round");
        Assert.Equal("error", events[^1].Groups[1].Value);
        Assert.Equal("stopping", JsonSerializer.Deserialize(events[^1].Groups[2].Value, WireJson.Complete.ProblemBody)!.Reason);
    }

    [Fact]
    public async Task An_error_before_the_first_event_is_an_ordinary_one()
    {
        await using var api = new LiveApi(SamplingMode.Steered);
        await api.LoadAsync();
        LiveApi.Answer answer = await api.CallAsync(ApiOperation.Named("openRound"), Body(""", "max_tokens": 100000 """));
        Assert.Equal((400, "application/problem+json"), (answer.Status, answer.ContentType));
    }

    private static async Task<MatchCollection> StopWhileWritingAsync()
    {
        await using var api = new LiveApi(SamplingMode.Steered);
        await api.LoadAsync();
        using EventHub.Subscription events = api.Events.Follow();
        Task<LiveApi.Answer> answer = api.CallAsync(ApiOperation.Named("openRound"), Body(""", "ask": "never" """));
        await events.Events.ReadAllAsync(TestContext.Current.CancellationToken).FirstAsync(e => e is RoundEvent.Writing);
        api.Stop();
        return Event().Matches((await answer).Body);
    }

    private static string Body(string more) => Request.Replace("MORE", more, StringComparison.Ordinal);

    [GeneratedRegex(@"^event: (\S+)\ndata: (.*)$", RegexOptions.Multiline)]
    private static partial Regex Event();
}
