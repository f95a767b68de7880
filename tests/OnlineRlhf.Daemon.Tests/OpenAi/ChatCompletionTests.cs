using System.Text.Json.Nodes;
using OnlineRlhf.Daemon.Tests.Api;

namespace OnlineRlhf.Daemon.Tests.OpenAi;

/// <summary>The paths of OpenAI's API: what is taken, what is answered, and what is refused in words.</summary>
public sealed class ChatCompletionTests(SteeredApi steered) : IClassFixture<SteeredApi>
{
    private readonly LiveApi _api = steered.Api;

    [Fact]
    public async Task An_answer_has_all_that_clients_read()
    {
        JsonNode answer = (await AskAsync("")).Json;
        Assert.StartsWith("chatcmpl-", (string)answer["id"]!, StringComparison.Ordinal);
        Assert.Equal("chat.completion", (string)answer["object"]!);
        Assert.Equal(_api.Clock.GetUtcNow().ToUnixTimeSeconds(), (long)answer["created"]!);
        Assert.Equal("onlinerlhf", (string)answer["model"]!);
        JsonNode choice = Assert.Single(answer["choices"]!.AsArray())!;
        Assert.Equal((0, "stop"), ((int)choice["index"]!, (string)choice["finish_reason"]!));
        Assert.Equal("assistant", (string)choice["message"]!["role"]!);
        Assert.NotEmpty((string)choice["message"]!["content"]!);
        JsonNode usage = answer["usage"]!;
        Assert.True((int)usage["prompt_tokens"]! > 0 && (int)usage["completion_tokens"]! > 0);
        Assert.Equal((int)usage["prompt_tokens"]! + (int)usage["completion_tokens"]!, (int)usage["total_tokens"]!);
        Assert.Equal("default", (string)answer["onlinerlhf"]!["profile"]!);
        Assert.NotNull(_api.Loop.Find((Guid)answer["onlinerlhf"]!["round"]!));
    }

    [Fact]
    public async Task A_stream_begins_with_the_role_and_ends_with_done()
    {
        // A question of its own: asked by another test before, it would get the second answer of that round.
        LiveApi.Answer answer = await PostAsync(
            """
            {"messages": [{"role": "user", "content": "How do I fry an egg?"}], "stream": true, "stream_options": {"include_usage": true}}
            """
        );
        Assert.Equal((200, "text/event-stream; charset=utf-8"), (answer.Status, answer.ContentType));
        string[] data = [.. answer.Body.Split("\n\n").Where(l => l.StartsWith("data: ", StringComparison.Ordinal)).Select(l => l[6..])];
        Assert.Equal("[DONE]", data[^1]);
        JsonNode[] chunks = [.. data[..^1].Select(d => JsonNode.Parse(d)!)];
        Assert.Single(chunks.Select(c => (string)c["id"]!).Distinct());
        Assert.All(chunks, c => Assert.Equal("chat.completion.chunk", (string)c["object"]!));
        Assert.Equal("assistant", (string)chunks[0]["choices"]![0]!["delta"]!["role"]!);
        JsonNode finish = chunks[^2];
        Assert.Equal("stop", (string)finish["choices"]![0]!["finish_reason"]!);
        Assert.Empty(finish["choices"]![0]!["delta"]!.AsObject());
        Assert.Empty(chunks[^1]["choices"]!.AsArray());
        Assert.True((int)chunks[^1]["usage"]!["completion_tokens"]! > 0);
        Assert.All(chunks[..^1], c => Assert.Null(c["usage"]));
        string text = string.Concat(chunks[..^2].Select(c => (string?)c["choices"]![0]!["delta"]!["content"]));
        Guid round = (Guid)finish["onlinerlhf"]!["round"]!;
        Assert.Equal(_api.Loop.Find(round)!.First.Text, text);
    }

    [Fact]
    public async Task Two_answers_are_leader_and_challenger_and_take_feedback()
    {
        JsonNode answer = (await AskAsync(""", "n": 2""")).Json;
        Assert.Equal([0, 1], answer["choices"]!.AsArray().Select(c => (int)c!["index"]!));
        Assert.True((bool)answer["onlinerlhf"]!["asked"]!);
        LiveApi.Answer press = await _api.CallAsync(
            ApiOperation.Named("giveFeedback"),
            """{"preferred": "first"}""",
            ("id", (string)answer["onlinerlhf"]!["round"]!)
        );
        Assert.Equal(200, press.Status);
        Assert.Equal(1, _api.Loop.CountComparisons("default"));
    }

    [Fact]
    public async Task One_answer_is_no_round_of_the_board_and_stays_beside_it()
    {
        LiveApi.Answer shown = await _api.CallAsync(
            ApiOperation.Named("openRound"),
            """{"messages": [{"role": "user", "content": "How do I boil an egg?"}], "ask": "always"}"""
        );
        _ = await AskAsync("");
        LiveApi.Answer current = await _api.CallAsync(ApiOperation.Named("getCurrentRound"));
        Assert.Equal((string)shown.Json["id"]!, (string)current.Json["id"]!);
    }

    /// <summary>Every optional field of the API: taken or ignored.</summary>
    [Theory]
    [InlineData(""", "model": "gpt-4o" """)]
    [InlineData(""", "model": "onlinerlhf:anna" """)]
    [InlineData(""", "max_tokens": 3000 """)]
    [InlineData(""", "max_completion_tokens": 3000 """)]
    [InlineData(""", "max_tokens": null """)]
    [InlineData(""", "max_tokens": 4294967296 """)]
    [InlineData(""", "max_tokens": 100.0 """)]
    [InlineData(""", "max_tokens": 1e3 """)]
    [InlineData(""", "max_tokens": -1 """)]
    [InlineData(""", "seed": -1 """)]
    [InlineData(""", "seed": 18446744073709551615 """)]
    [InlineData(""", "model": "" """)]
    [InlineData(""", "n": 1 """)]
    [InlineData(""", "temperature": 0.2 """)]
    [InlineData(""", "temperature": 0 """)]
    [InlineData(""", "top_p": 0 """)]
    [InlineData(""", "top_p": 0.9 """)]
    [InlineData(""", "stop": null """)]
    [InlineData(""", "stop": "\n" """)]
    [InlineData(""", "stop": ["###", "User:"] """)]
    [InlineData(""", "seed": -9007199254740991 """)]
    [InlineData(""", "presence_penalty": 0.5, "frequency_penalty": -0.5 """)]
    [InlineData(""", "stream": false, "stream_options": null """)]
    [InlineData(""", "user": "anna", "safety_identifier": "x", "prompt_cache_key": "y", "metadata": {"a": "b"}, "store": true """)]
    [InlineData(""", "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}], "tool_choice": "auto" """)]
    [InlineData(""", "functions": [], "function_call": "none", "parallel_tool_calls": true """)]
    [InlineData(""", "response_format": {"type": "text"} """)]
    [InlineData(""", "logprobs": false, "top_logprobs": null, "logit_bias": {"50256": -100} """)]
    [InlineData(""", "modalities": ["text"], "reasoning_effort": "low", "verbosity": "low", "service_tier": "auto", "prediction": null """)]
    [InlineData(""", "cache_prompt": true, "min_p": 0.1, "repeat_penalty": 1.1, "id_slot": -1 """)]
    public async Task A_field_is_taken_or_ignored(string field)
    {
        LiveApi.Answer answer = await AskAsync(field);
        Assert.True(answer.Status == 200, answer.Body);
        Assert.NotEmpty((string)answer.Json["choices"]![0]!["message"]!["content"]!);
    }

    /// <summary>What cannot be served is refused in words that name the field.</summary>
    [Theory]
    [InlineData(""", "n": 3 """, "n", null)]
    [InlineData(""", "max_tokens": "many" """, "max_tokens", null)]
    [InlineData(""", "max_tokens": 1.5 """, "max_tokens", null)]
    [InlineData(""", "stream": "true" """, "stream", null)]
    [InlineData(""", "model": 5 """, "model", null)]
    [InlineData(""", "stop": "\ud800" """, "stop", null)]
    [InlineData(""", "response_format": {"type": 5} """, "response_format", null)]
    [InlineData(""", "modalities": [5] """, "modalities", null)]
    [InlineData(""", "temperature": 9 """, "temperature", null)]
    [InlineData(""", "top_p": 2 """, "top_p", null)]
    [InlineData(""", "presence_penalty": 3 """, "presence_penalty", null)]
    [InlineData(""", "frequency_penalty": -3 """, "frequency_penalty", null)]
    [InlineData(""", "stop": [1] """, "stop", null)]
    [InlineData(""", "logprobs": true """, "logprobs", null)]
    [InlineData(""", "modalities": ["text", "audio"] """, "modalities", null)]
    [InlineData(""", "response_format": {"type": "json_object"} """, "response_format", null)]
    [InlineData(""", "response_format": {"type": "json_schema", "json_schema": {}} """, "response_format", null)]
    [InlineData(""", "model": "onlinerlhf:no/such" """, "model", "model_not_found")]
    [InlineData(""", "model": "onlinerlhfx" """, "model", "model_not_found")]
    public async Task What_cannot_be_served_is_refused_in_words(string field, string param, string? code)
    {
        LiveApi.Answer answer = await AskAsync(field);
        Assert.Equal(code is null ? 400 : 404, answer.Status);
        JsonNode error = answer.Json["error"]!;
        Assert.Equal((param, code, "invalid_request_error"), ((string?)error["param"], (string?)error["code"], (string?)error["type"]));
        Assert.Contains(param, (string)error["message"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"role": "user", "content": [{"type": "text", "text": "How do I"}, {"type": "text", "text": "boil an egg?"}]}""")]
    [InlineData("""{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello"}""")]
    [InlineData("""{"role": "system", "content": "Be brief."}, {"role": "system", "content": "Now."}, {"role": "user", "content": "Hello"}""")]
    [InlineData(
        """{"role": "user", "content": "Hi"}, {"role": "assistant", "content": null, "tool_calls": []}, {"role": "user", "content": "Hello"}"""
    )]
    [InlineData("""{"role": "user", "content": "Hi"}, {"role": "tool", "content": "21 degrees", "tool_call_id": "x"}""")]
    [InlineData("""{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Boil the"}""")]
    [InlineData("""{"role": "assistant", "content": "Boil the"}""")]
    [InlineData("""{"role": "system", "content": "Be brief."}""")]
    [InlineData(
        """{"role": "user", "content": "Hi"}, {"role": "assistant", "content": [{"type": "thinking"}]}, {"role": "user", "content": "Hello"}"""
    )]
    [InlineData("""{"role": "user", "content": "", "name": "anna"}""")]
    public async Task A_conversation_may_be_of_any_shape(string messages)
    {
        LiveApi.Answer answer = await PostAsync($$"""{"messages": [{{messages}}]}""");
        Assert.True(answer.Status == 200, answer.Body);
        Assert.NotEmpty((string)answer.Json["choices"]![0]!["message"]!["content"]!);
    }

    [Theory]
    [InlineData("""{"messages": []}""", "messages")]
    [InlineData("{}", "messages")]
    [InlineData("""{"messages": [null]}""", "messages[0].role")]
    [InlineData("""{"messages": [{"role": "robot", "content": "x"}]}""", "messages[0].role")]
    [InlineData("""{"messages": [{"role": "user", "content": 1}]}""", "messages[0].content")]
    // A program cut a text in the middle of an emoji.
    [InlineData("""{"messages": [{"role": "user", "content": "\ud83d"}]}""", "messages[0].content")]
    [InlineData("""{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}""", "messages[0].content[0]")]
    [InlineData("""{"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]}""", "messages[0].content[0]")]
    [InlineData("""{"messages": [{"role": "user", "content": ["x"]}]}""", "messages[0].content[0]")]
    public async Task A_conversation_that_is_none_is_refused_in_words(string body, string param)
    {
        LiveApi.Answer answer = await PostAsync(body);
        Assert.Equal((400, param), (answer.Status, (string?)answer.Json["error"]!["param"]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"messages": """)]
    [InlineData("""{"messages": [{"role": "user", "content": "x"}]} more""")]
    public async Task Broken_json_is_an_error_in_the_same_shape(string body)
    {
        LiveApi.Answer answer = await PostAsync(body);
        Assert.Equal((400, "invalid_request_error"), (answer.Status, (string?)answer.Json["error"]!["type"]));
        Assert.NotEmpty((string)answer.Json["error"]!["message"]!);
    }

    [Theory]
    [InlineData("### Task:\\nWrite a title.", "")]
    [InlineData("Write a title.", "side job")]
    public async Task A_side_job_opens_no_round_and_disturbs_none(string content, string header)
    {
        Guid round = (Guid)(await AskAsync("")).Json["onlinerlhf"]!["round"]!;
        LiveApi.Answer answer = await _api.CallAsync(
            "POST",
            "/v1/chat/completions",
            $$"""{"messages": [{"role": "user", "content": "{{content}}"}]}""",
            c => c.Request.Headers["X-OnlineRlhf-Side-Job"] = header.Length > 0 ? header : default(string)
        );
        Assert.Null(answer.Json["onlinerlhf"]!["round"]);
        Assert.NotNull(_api.Loop.Find(round));
    }

    [Fact]
    public async Task At_temperature_0_the_answer_is_the_same_again_and_opens_no_round()
    {
        JsonNode first = (await AskAsync(""", "temperature": 0 """)).Json,
            second = (await AskAsync(""", "temperature": 0.0001 """)).Json;
        Assert.Null(first["onlinerlhf"]!["round"]);
        Assert.Null(second["onlinerlhf"]!["round"]);
        Assert.Equal((string)first["choices"]![0]!["message"]!["content"]!, (string)second["choices"]![0]!["message"]!["content"]!);
    }

    [Fact]
    public async Task A_seed_opens_no_round()
    {
        JsonNode answer = (await AskAsync(""", "seed": 7, "n": 2""")).Json;
        Assert.Null(answer["onlinerlhf"]!["round"]);
        Assert.False((bool)answer["onlinerlhf"]!["asked"]!);
    }

    [Theory]
    [InlineData("false")]
    [InlineData("true")]
    public async Task An_answer_that_a_stop_text_cuts_to_nothing_is_an_empty_answer(string stream)
    {
        string whole = (string)(await AskAsync(""", "temperature": 0""")).Json["choices"]![0]!["message"]!["content"]!;
        LiveApi.Answer answer = await AskAsync($""", "temperature": 0, "stop": "{whole[..2]}", "stream": {stream} """);
        Assert.Equal(200, answer.Status);
        Assert.Contains("\"content\":\"\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains("\"finish_reason\":\"stop\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains("\"role\":\"assistant\"", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deep_schemas_of_tools_are_ignored_like_others()
    {
        string deep = string.Concat(Enumerable.Repeat("""{"a": """, 200)) + "1" + new string('}', 200);
        Assert.Equal(200, (await AskAsync($$""", "tools": [{{deep}}]""")).Status);
    }

    [Fact]
    public async Task Results_of_tools_go_with_their_turns_when_a_conversation_is_too_long()
    {
        var turns = new JsonArray();
        for (int i = 0; i < 12; i++)
        {
            turns.Add(Turn("user", $"Question {i}"));
            turns.Add(Turn("tool", string.Concat(Enumerable.Repeat("rain ", 60))));
            turns.Add(Turn("assistant", "It rains."));
        }
        turns.Add(Turn("user", "And now?"));
        LiveApi.Answer answer = await PostAsync(new JsonObject { ["messages"] = turns }.ToJsonString());
        Assert.True(answer.Status == 200, answer.Body);
    }

    [Fact]
    public async Task A_question_before_a_continued_answer_is_never_left_out()
    {
        var turns = new JsonArray(Turn("user", "Tea? " + string.Concat(Enumerable.Repeat("tea ", 600))), Turn("assistant", "The rice"));
        LiveApi.Answer answer = await PostAsync(new JsonObject { ["messages"] = turns }.ToJsonString());
        Assert.Equal("context_length_exceeded", (string?)answer.Json["error"]!["code"]);
    }

    [Fact]
    public async Task A_message_of_millions_of_letters_is_refused_at_once()
    {
        long start = System.Diagnostics.Stopwatch.GetTimestamp();
        LiveApi.Answer answer = await PostAsync($$"""{"messages": [{"role": "user", "content": "{{new string('a', 4_000_000)}}"}]}""");
        Assert.Equal("context_length_exceeded", (string?)answer.Json["error"]!["code"]);
        // It took ten seconds when the whole text was tokenised.
        Assert.True(System.Diagnostics.Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_told_the_limit_of_this_path()
    {
        LiveApi.Answer answer = await PostAsync($$"""{"messages": [{"role": "user", "content": "{{new string('a', 4 << 20)}}"}]}""");
        Assert.Equal(413, answer.Status);
        Assert.Contains("4194304", (string)answer.Json["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Conversations_stand_side_by_side_and_a_further_turn_ends_the_round_before_it()
    {
        Guid egg = await RoundAsync("How do I boil an egg?"),
            rice = await RoundAsync("How do I cook rice?");
        Assert.NotNull(_api.Loop.Find(egg));
        string answer = _api.Loop.Find(egg)!.First.Text;
        _ = await PostAsync(
            new JsonObject
            {
                ["messages"] = new JsonArray(Turn("user", "How do I boil an egg?"), Turn("assistant", answer), Turn("user", "And two?")),
            }.ToJsonString()
        );
        Assert.Null(_api.Loop.Find(egg));
        Assert.NotNull(_api.Loop.Find(rice));

        async Task<Guid> RoundAsync(string question) =>
            (Guid)
                (await PostAsync(new JsonObject { ["messages"] = new JsonArray(Turn("user", question)) }.ToJsonString())).Json["onlinerlhf"]![
                    "round"
                ]!;
    }

    [Fact]
    public async Task A_long_conversation_loses_its_oldest_turns_and_is_answered()
    {
        var turns = new JsonArray(Turn("system", "Be brief."));
        for (int i = 0; i < 200; i++)
            turns.Add(Turn(i % 2 == 0 ? "user" : "assistant", $"This is turn {i}, and it says that there is a fern on the balcony."));
        turns.Add(Turn("user", "How do I boil an egg?"));
        LiveApi.Answer answer = await PostAsync(new JsonObject { ["messages"] = turns }.ToJsonString());
        Assert.True(answer.Status == 200, answer.Body);
        Assert.InRange((int)answer.Json["usage"]!["prompt_tokens"]!, 20, 400);
    }

    [Fact]
    public async Task A_last_turn_that_does_not_fit_is_an_error_that_clients_know()
    {
        string words = string.Join(' ', Enumerable.Repeat("fern", 2000));
        LiveApi.Answer answer = await PostAsync($$"""{"messages": [{"role": "user", "content": "{{words}}"}]}""");
        Assert.Equal((400, "context_length_exceeded"), (answer.Status, (string?)answer.Json["error"]!["code"]));
    }

    [Fact]
    public async Task A_stop_text_ends_the_answer_and_is_no_part_of_it()
    {
        string whole = (string)(await AskAsync(""", "seed": 5""")).Json["choices"]![0]!["message"]!["content"]!;
        string stop = whole.Split(' ')[3];
        JsonNode choice = (await AskAsync($""", "seed": 5, "stop": "{stop}" """)).Json["choices"]![0]!;
        Assert.Equal("stop", (string)choice["finish_reason"]!);
        Assert.DoesNotContain(stop, (string)choice["message"]!["content"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_of_tokens_cuts_the_answer_and_says_so()
    {
        JsonNode answer = (await AskAsync(""", "max_tokens": 3""")).Json;
        Assert.Equal("length", (string)answer["choices"]![0]!["finish_reason"]!);
        Assert.Equal(3, (int)answer["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task Models_are_listed_by_both_paths()
    {
        foreach (string path in (string[])["/v1/models", "/models"])
        {
            JsonNode list = (await _api.CallAsync("GET", path)).Json;
            Assert.Equal("list", (string)list["object"]!);
            Assert.Equal("onlinerlhf", (string)list["data"]![0]!["id"]!);
        }
        LiveApi.Answer one = await _api.CallAsync("GET", "/v1/models/{**id}", prepare: c => c.Request.RouteValues["id"] = "onlinerlhf:anna"),
            none = await _api.CallAsync("GET", "/v1/models/{**id}", prepare: c => c.Request.RouteValues["id"] = "gpt-4o");
        Assert.Equal("onlinerlhf:anna", (string)one.Json["id"]!);
        Assert.Equal((404, "model_not_found"), (none.Status, (string?)none.Json["error"]!["code"]));
    }

    [Fact]
    public async Task Models_are_listed_before_the_model_is_loaded()
    {
        await using var loading = new LiveApi();
        Assert.Equal(200, (await loading.CallAsync("GET", "/v1/models")).Status);
    }

    private Task<LiveApi.Answer> AskAsync(string fields) =>
        PostAsync($$"""{"messages": [{"role": "user", "content": "How do I boil an egg?"}]{{fields}}}""");

    private Task<LiveApi.Answer> PostAsync(string body) => _api.CallAsync("POST", "/v1/chat/completions", body);

    private static JsonObject Turn(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
