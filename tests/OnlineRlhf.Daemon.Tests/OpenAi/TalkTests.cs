using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OnlineRlhf.Daemon.Tests.Api;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Tests.OpenAi;

/// <summary>What a chat program teaches without knowing it.</summary>
public sealed class TalkTests(SteeredApi steered) : IClassFixture<SteeredApi>
{
    private readonly LiveApi _api = steered.Api;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Regenerate_and_go_back_teaches(bool stream)
    {
        string model = $"onlinerlhf:back-{stream}";
        string first = await SayAsync(model, stream, "Tell me a story about a fox."),
            other = await SayAsync(model, stream, "Tell me a story about a fox.");
        Assert.NotEqual(first, other);
        _ = await SayAsync(model, stream, "Tell me a story about a fox.", first, "Go on.");
        Assert.Equal(1, _api.Loop.CountComparisons(model[11..]));
    }

    [Fact]
    public async Task A_retry_of_the_client_library_is_no_regenerate()
    {
        string question = "Tell me a story about a bear.";
        _ = await SayAsync("onlinerlhf:retry", false, question);
        long held = _api.Loop.Status.HeldBack;
        LiveApi.Answer retried = await _api.CallAsync(
            "POST",
            "/v1/chat/completions",
            Body("onlinerlhf:retry", false, question),
            context => context.Request.Headers["x-stainless-retry-count"] = "1"
        );
        _ = await SayAsync("onlinerlhf:retry", false, question, Text(retried, false), "Go on.");
        Assert.Equal(held, _api.Loop.Status.HeldBack);
    }

    [Fact]
    public async Task A_client_that_leaves_has_not_seen_the_answer()
    {
        string question = "Tell me a story about a wolf.";
        using var left = new CancellationTokenSource();
        long held = _api.Loop.Status.HeldBack;
        _ = await _api.CallAsync(
            "POST",
            "/v1/chat/completions",
            Body("onlinerlhf:left", true, question),
            context =>
            {
                context.RequestAborted = left.Token;
                context.Response.Body = new LeavingStream(left);
            }
        );
        string seen = await SayAsync("onlinerlhf:left", false, question);
        _ = await SayAsync("onlinerlhf:left", false, question, seen, "Go on.");
        Assert.Equal(held, _api.Loop.Status.HeldBack);
        Assert.Equal(0, _api.Loop.CountComparisons("left"));
    }

    [Fact]
    public async Task Retrieved_text_around_a_question_does_not_make_a_side_job_of_it()
    {
        string question = "### Task:\nRespond to the user query using the provided context.\n<context>\nEggs.\n</context>\n\nHow do I boil an egg?";
        LiveApi.Answer answer = await _api.CallAsync("POST", "/v1/chat/completions", Body("onlinerlhf:rag", false, question));
        Assert.NotNull(answer.Json["onlinerlhf"]!["round"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_pair_in_one_message_is_answered_by_a_word(bool stream)
    {
        string model = $"onlinerlhf:pair-{stream}-pair",
            question = "Tell me a story about the sea.";
        string pair = await SayAsync(model, stream, question);
        Assert.StartsWith("1.\n", pair);
        Assert.EndsWith("\n\nWhich is better, first or second?", pair);
        string thanks = await SayAsync(model, stream, question, pair, "The second one.");
        Assert.Equal("Learned: the second one is better.", thanks);
        Assert.Equal(1, _api.Loop.CountComparisons($"pair-{stream}"));
        Assert.Equal(thanks, await SayAsync(model, stream, question, pair, "second"));
        Assert.Equal(1, _api.Loop.CountComparisons($"pair-{stream}"));
        string other = await SayAsync(model, stream, question, pair, "first");
        Assert.Equal("Another answer was given to this round already; the first one counts.", other);
        string unknown = await SayAsync(model, stream, question, pair.Replace("1.\n", "1.\nWell. "), "first");
        Assert.Equal("These two answers are no longer open: this reply changed nothing.", unknown);
        Assert.NotEmpty(await SayAsync(model, stream, question, pair, "second", thanks, "And a joke?"));
    }

    [Theory]
    [InlineData("1", Preferred.First)]
    [InlineData("First!", Preferred.First)]
    [InlineData("the first one", Preferred.First)]
    [InlineData("number two", Preferred.Second)]
    [InlineData("Second.", Preferred.Second)]
    [InlineData("both", Preferred.Tie)]
    [InlineData("Neither", Preferred.Tie)]
    [InlineData("skip", Preferred.Skip)]
    [InlineData("first of all, why?", null)]
    [InlineData("I like the second", null)]
    [InlineData("12", null)]
    public void A_reply_is_nothing_but_a_preference(string message, Preferred? preferred) =>
        Assert.Equal(preferred, Daemon.Http.OpenAi.PairMessage.Reply(message));

    [Fact]
    public async Task A_button_anywhere_in_the_house_answers_the_pair_on_display()
    {
        LiveApi.Answer opened = await _api.CallAsync(
            "POST",
            "/v1/rounds",
            """{"profile": "house", "ask": "always", "messages": [{"role": "user", "content": "Tell me a joke."}]}"""
        );
        Assert.Equal(409, (await PressAsync("first")).Status);
        _api.Clock.Advance(TimeSpan.FromSeconds(1));
        LiveApi.Answer pressed = await PressAsync("first");
        Assert.Equal(200, pressed.Status);
        Assert.Equal((string)opened.Json["id"]!, (string)pressed.Json["id"]!);
        // A pair of another test may be on display now.
        Assert.Contains((string)(await PressAsync("first")).Json["reason"]!, (string[])["none-open", "not-counted"]);
        Assert.Equal(400, (await PressAsync("best")).Status);

        Task<LiveApi.Answer> PressAsync(string preferred) =>
            _api.CallAsync("POST", "/v1/rounds/current/feedback", $$"""{"preferred": "{{preferred}}"}""");
    }

    private async Task<string> SayAsync(string model, bool stream, params string[] turns)
    {
        LiveApi.Answer answer = await _api.CallAsync("POST", "/v1/chat/completions", Body(model, stream, turns));
        Assert.True(answer.Status == 200, answer.Body);
        return Text(answer, stream);
    }

    private static string Text(LiveApi.Answer answer, bool stream) =>
        stream
            ? string.Concat(
                answer
                    .Body.Split("\n\n")
                    .Where(l => l.StartsWith("data: {", StringComparison.Ordinal))
                    .Select(l => (string?)JsonNode.Parse(l[6..])!["choices"]![0]?["delta"]?["content"])
            )
            : (string)answer.Json["choices"]![0]!["message"]!["content"]!;

    private static string Body(string model, bool stream, params string[] turns) =>
        new JsonObject
        {
            ["model"] = model,
            ["stream"] = stream,
            ["messages"] = new JsonArray([
                .. turns.Select((t, i) => new JsonObject { ["role"] = i % 2 == 0 ? "user" : "assistant", ["content"] = t }),
            ]),
        }.ToJsonString();

    /// <summary>A client that leaves in the middle of the answer.</summary>
    private sealed class LeavingStream(CancellationTokenSource left) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            left.Cancel();
            return ValueTask.CompletedTask;
        }
    }
}
