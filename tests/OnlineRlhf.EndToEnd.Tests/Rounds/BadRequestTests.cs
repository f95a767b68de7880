using System.Text;

namespace OnlineRlhf.EndToEnd.Tests.Rounds;

/// <summary>What is wrong with a request is said in a problem that names the field.</summary>
public sealed class BadRequestTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    [PublishedTheory]
    [InlineData("", "JSON")]
    [InlineData("{", "JSON")]
    [InlineData("null", "JSON")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}]} and more""", "body")]
    [InlineData("[]", "JSON")]
    [InlineData("\"hello\"", "JSON")]
    [InlineData("{}", "messages")]
    [InlineData("""{"messages": null}""", "messages")]
    [InlineData("""{"messages": []}""", "messages")]
    [InlineData("""{"messages": "Hello"}""", "messages")]
    [InlineData("""{"messages": [null]}""", "messages")]
    [InlineData("""{"messages": ["Hello"]}""", "messages")]
    [InlineData("""{"messages": [{"role": "user"}]}""", "content")]
    [InlineData("""{"messages": [{"content": "Hello"}]}""", "role")]
    [InlineData("""{"messages": [{"role": "user", "content": null}]}""", "content")]
    [InlineData("""{"messages": [{"role": null, "content": "Hello"}]}""", "role")]
    [InlineData("""{"messages": [{"role": "root", "content": "Hello"}]}""", "role")]
    [InlineData("""{"messages": [{"role": "user", "content": "   "}]}""", "last message")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi"}]}""", "last message")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello", "name": "me"}]}""", "name")]
    [InlineData("""{"messages": [{"role": "user", "content": "\ud800"}]}""", "content")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "colour": "blue"}""", "colour")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "profile": ""}""", "profile")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "profile": "../other"}""", "profile")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "profile": "a/b"}""", "profile")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "profile": ".."}""", "profile")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "profile": "a\u0000"}""", "profile")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "profile": "zoë"}""", "profile")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "profile": 7}""", "profile")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "ask": "sometimes"}""", "ask")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "candidates": 0}""", "candidates")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "candidates": 9}""", "candidates")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "candidates": 17}""", "candidates")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "candidates": 99999999999}""", "candidates")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "candidates": 2.5}""", "candidates")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 0}""", "max_tokens")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "max_tokens": -1}""", "max_tokens")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "temperature": -1}""", "temperature")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "temperature": 1e999}""", "temperature")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "temperature": "NaN"}""", "temperature")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "seed": -1}""", "seed")]
    public async Task A_wrong_body_is_refused_with_the_name_of_what_is_wrong(string body, string names) =>
        (await daemon.Client.PostAsync("/v1/rounds", body)).MustBeProblem(400, names);

    [PublishedFact]
    public async Task Bytes_that_are_no_text_are_refused()
    {
        byte[] body = [.. """{"messages": [{"role": "user", "content": """u8, (byte)'"', 0xC3, 0x28, 0xFF, (byte)'"', .. "}]}"u8];
        Reply reply = await daemon.Client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v1/rounds") { Content = new ByteArrayContent(body) });

        reply.MustBeProblem(400);
    }

    [PublishedFact]
    public async Task A_deeply_nested_body_is_refused()
    {
        string nested = new string('[', 10_000) + new string(']', 10_000);

        (await daemon.Client.PostAsync("/v1/rounds", $$"""{"messages": {{nested}}}""")).MustBeProblem(400);
    }

    [PublishedFact]
    public async Task A_problem_repeats_nothing_of_what_was_said()
    {
        Reply reply = await daemon.Client.PostAsync("/v1/rounds", """{"messages": [{"role": "user", "content": "zebrafinch"}], "candidates": "zebrafinch"}""");

        reply.MustBeProblem(400, "candidates");
        Assert.DoesNotContain("zebrafinch", reply.Body, StringComparison.Ordinal);
    }

    [PublishedTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_that_is_too_large_is_refused_with_the_limit(bool chunked)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/rounds") { Content = new StringContent(Client.Body(new string('a', 300_000)), Encoding.UTF8) };
        request.Headers.TransferEncodingChunked = chunked;

        (await daemon.Client.SendAsync(request)).MustBeProblem(413, "262144 bytes");
    }

    [PublishedFact]
    public async Task A_prompt_longer_than_the_context_is_refused_with_both_numbers()
    {
        Reply reply = await daemon.Client.AskAsync(string.Join(' ', Enumerable.Repeat("tea", 20_000)));

        reply.MustBeProblem(413, "context");
        Assert.Equal("prompt-too-long", reply.Reason);
        Assert.Matches(@"takes \d{5,} tokens and the context holds \d+", reply.Detail);
    }

    [PublishedTheory]
    [InlineData("/")]
    [InlineData("/v2/rounds")]
    [InlineData("/v1/rounds/current/feedback/x")]
    [InlineData("/index.html")]
    public async Task An_unknown_path_is_a_problem_too(string path) => (await daemon.Client.GetAsync(path)).MustBeProblem(404);

    [PublishedTheory]
    [InlineData("GET", "/v1/rounds")]
    [InlineData("DELETE", "/health")]
    [InlineData("POST", "/metrics")]
    [InlineData("PUT", "/v1/rounds/current")]
    public async Task A_wrong_method_is_a_problem_that_names_it(string method, string path) =>
        (await daemon.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path))).MustBeProblem(405, method);
}
