using System.Text.Json.Nodes;
using OnlineRlhf.Daemon.Tests.Api;

namespace OnlineRlhf.Daemon.Tests.OpenAi;

/// <summary>The sequences of requests that chat programs send, written anew from their behaviour.</summary>
public sealed class FrontEndTests(SteeredApi steered) : IClassFixture<SteeredApi>
{
    private const string Tools =
        """[{"type": "function", "function": {"name": "HassTurnOn", "parameters": {"properties": {"name": {"type": "string"}}}}}]""";

    private readonly LiveApi _api = steered.Api;

    [Fact]
    public async Task Home_Assistant_sets_up_and_talks()
    {
        Assert.Equal(200, (await _api.CallAsync("GET", "/v1/models")).Status);
        JsonNode ping = await PostAsync(
            $$"""{"model": "onlinerlhf", "messages": [{"role": "user", "content": "ping"}], "max_tokens": 3, "tools": {{Tools}}}"""
        );
        Assert.Equal(3, (int)ping["usage"]!["completion_tokens"]!);
        // The system message tells the time, so it differs at every turn.
        Guid first = Round(await TalkAsync("08:30", """{"role": "user", "content": "How do I boil an egg?"}"""));
        string answer = _api.Loop.Find(first)!.First.Text;
        _ = await TalkAsync(
            "08:31",
            new JsonArray(Turn("user", "How do I boil an egg?"), Turn("assistant", answer), Turn("user", "And how long?")).ToJsonString()[1..^1]
        );
        Assert.Null(_api.Loop.Find(first));

        Task<JsonNode> TalkAsync(string time, string turns) =>
            PostAsync(
                $$"""
                {"model": "onlinerlhf:home", "user": "01JH", "max_tokens": 3000, "temperature": 1, "top_p": 1, "tools": {{Tools}}, "messages":
                [{"role": "system", "content": "You are a voice assistant. The time is {{time}}. Lights: kitchen, off."}, {{turns}}]}
                """
            );
    }

    [Fact]
    public async Task Open_WebUI_chats_and_does_its_side_jobs_between_the_turns()
    {
        LiveApi.Answer stream = await _api.CallAsync(
            "POST",
            "/chat/completions",
            """
            {"stream": true, "model": "onlinerlhf:webui", "messages": [{"role": "user", "content": "How do I cook rice?"}],
            "stream_options": {"include_usage": true}}
            """
        );
        Guid round = Assert.Single(Chunks(stream), c => c["onlinerlhf"] is not null)["onlinerlhf"]!["round"]!.GetValue<Guid>();
        foreach (string job in (string[])["Suggest 3-5 follow-up questions.", "Generate a title with an emoji.", "Generate 1-3 broad tags."])
        {
            JsonNode answer = await PostAsync(
                $$"""
                {"model": "onlinerlhf:webui", "messages": [{"role": "user", "content": "### Task:\n{{job}}\n### Chat History:\nUSER: rice"}],
                "stream": false, "max_completion_tokens": 1000}
                """
            );
            Assert.Null(answer["onlinerlhf"]!["round"]);
        }
        Assert.NotNull(_api.Loop.Find(round));
    }

    [Fact]
    public async Task LibreChat_streams_and_asks_for_a_title()
    {
        LiveApi.Answer stream = await _api.CallAsync(
            "POST",
            "/v1/chat/completions",
            """
            {"model": "onlinerlhf", "user": "66f", "stream": true, "messages": [{"role": "system", "content": "Be kind.", "name": "instructions"},
            {"role": "user", "content": [{"type": "text", "text": "How do I bake bread?"}]}]}
            """
        );
        Assert.Equal("stop", (string)Chunks(stream)[^1]["choices"]![0]!["finish_reason"]!);
        JsonNode title = await PostAsync(
            """
            {"model": "onlinerlhf", "temperature": 0.2, "presence_penalty": 0, "frequency_penalty": 0, "max_tokens": 16, "stream": false, "messages":
            [{"role": "system", "content": "Detect the user's language and write a concise title.\n\nUser: How do I bake bread?"}]}
            """
        );
        Assert.Null(title["onlinerlhf"]!["round"]);
        Assert.NotEmpty((string)title["choices"]![0]!["message"]!["content"]!);
    }

    [Fact]
    public async Task SillyTavern_sends_many_system_messages_and_continues_the_last_answer()
    {
        const string Settings = """
            "model": "onlinerlhf", "temperature": 1, "max_tokens": 300, "presence_penalty": 0, "frequency_penalty": 0, "top_p": 1,
            "stop": ["\nAnna:"], "logit_bias": {}, "stream": true
            """;
        LiveApi.Answer answer = await _api.CallAsync(
            "POST",
            "/v1/chat/completions",
            $$"""
            {"messages": [{"role": "system", "content": "Write the next reply."}, {"role": "system", "content": "[Start a new chat]"},
            {"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "How do I boil an egg?"}], {{Settings}}}
            """
        );
        Assert.Equal("stop", (string)Chunks(answer)[^1]["choices"]![0]!["finish_reason"]!);
        LiveApi.Answer more = await _api.CallAsync(
            "POST",
            "/v1/chat/completions",
            $$"""
            {"messages": [{"role": "user", "content": "How do I boil an egg?"}, {"role": "assistant", "content": "Boil it for"}], {{Settings}}}
            """
        );
        string text = string.Concat(Chunks(more).Select(c => (string?)c["choices"]![0]!["delta"]!["content"]));
        Assert.NotEmpty(text);
        Assert.False(char.IsUpper(text[0]), text);
    }

    private async Task<JsonNode> PostAsync(string body)
    {
        LiveApi.Answer answer = await _api.CallAsync("POST", "/v1/chat/completions", body);
        Assert.True(answer.Status == 200, answer.Body);
        return answer.Json;
    }

    private static Guid Round(JsonNode answer) => (Guid)answer["onlinerlhf"]!["round"]!;

    private static JsonNode[] Chunks(LiveApi.Answer stream) =>
        [
            .. stream
                .Body.Split("\n\n")
                .Where(l => l.StartsWith("data: {", StringComparison.Ordinal))
                .Select(l => JsonNode.Parse(l[6..])!)
                .Where(c => c["choices"]!.AsArray().Count > 0),
        ];

    private static JsonObject Turn(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
