using System.IO.Compression;
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

    [PublishedTheory]
    [InlineData("max_tokens", "1e99")]
    [InlineData("max_tokens", "99999999999")]
    [InlineData("max_tokens", "1e999999999")]
    [InlineData("candidates", "1.5")]
    [InlineData("candidates", "-99999999999")]
    [InlineData("seed", "-1")]
    [InlineData("seed", "4294967296")]
    public async Task A_number_that_does_not_fit_its_field_is_called_so(string field, string number)
    {
        string body = $$"""{"messages": [{"role": "user", "content": "Hello"}], "{{field}}": {{number}}}""";

        (await daemon.Client.PostAsync("/v1/rounds", body)).MustBeProblem(400, field, "does not fit");
    }

    [PublishedTheory]
    [InlineData("""{"messages": [{"role": "user", "content": "a \ud800 b"}]}""", "content")]
    [InlineData("""{"messages": [{"role": "\udfff", "content": "Hello"}]}""", "role")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "profile": "\udc00\ud800"}""", "profile")]
    [InlineData("""{"messages": [{"role": "user", "content": "Hello"}], "ask": "\ud800"}""", "ask")]
    [InlineData("""{"\ud800": 1}""", "name")]
    public async Task Half_a_character_is_called_so(string body, string names) =>
        (await daemon.Client.PostAsync("/v1/rounds", body)).MustBeProblem(400, names, "surrogate");

    [PublishedFact]
    public async Task Half_a_character_is_called_so_on_every_path()
    {
        string comparison = """{"messages": [{"role": "user", "content": "Hello"}], "chosen": "\ud800", "rejected": "No."}""";

        (await daemon.Client.PostAsync("/v1/comparisons", comparison)).MustBeProblem(400, "chosen", "surrogate");
        Reply feedback = await daemon.Client.PostAsync($"/v1/rounds/{Guid.NewGuid()}/feedback", """{"preferred": "\ud800"}""");
        feedback.MustBeProblem(400, "preferred", "surrogate");
    }

    [PublishedTheory]
    [InlineData("utf-16", null, "UTF-16")]
    [InlineData("utf-16BE", "application/json; charset=utf-16", "UTF-16")]
    [InlineData("utf-32", null, "UTF-32")]
    [InlineData("latin1", "application/json; charset=iso-8859-1", "iso-8859-1")]
    [InlineData("latin1", "text/plain; charset=\"windows-1252\"", "windows-1252")]
    public async Task A_body_in_another_encoding_is_called_so(string encoding, string? contentType, string names)
    {
        Encoding other = Encoding.GetEncoding(encoding);
        byte[] body = [.. other.GetPreamble(), .. other.GetBytes(Client.Body("Où est le café ?"))];

        (await PostBytesAsync(body, contentType)).MustBeProblem(415, names, "UTF-8");
    }

    [PublishedTheory]
    [InlineData("gzip", true)]
    [InlineData("br", true)]
    [InlineData("gzip", false)]
    public async Task A_compressed_body_is_called_so(string coding, bool isDeclared)
    {
        using var compressed = new MemoryStream();
        const CompressionMode compress = CompressionMode.Compress;
        using (Stream into = coding == "br" ? new BrotliStream(compressed, compress) : new GZipStream(compressed, compress))
            into.Write(Encoding.UTF8.GetBytes(Client.Body("Hello")));

        (await PostBytesAsync(compressed.ToArray(), "application/json", isDeclared ? coding : null)).MustBeProblem(415, "compressed", coding);
    }

    [PublishedTheory]
    [InlineData("multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--x--\r\n", "multipart/form-data")]
    [InlineData("application/xml", "<round/>", "application/xml")]
    public async Task A_body_that_says_it_is_something_else_is_called_so(string contentType, string body, string names) =>
        (await PostBytesAsync(Encoding.UTF8.GetBytes(body), contentType)).MustBeProblem(415, names, "JSON");

    [PublishedTheory]
    [InlineData("application/json; charset=utf-8", "\uFEFF", "identity")]
    [InlineData("application/xml", "", null)]
    [InlineData("text/plain; charset=iso-8859-1", " ", null)]
    public async Task A_body_that_is_JSON_in_UTF_8_is_taken_whatever_is_said_of_it(string contentType, string before, string? coding)
    {
        byte[] body = Encoding.UTF8.GetBytes(before + Client.Body("Hello", more: """ "max_tokens": 4 """));

        Assert.Equal(201, (await PostBytesAsync(body, contentType, coding)).Status);
    }

    [PublishedTheory]
    [InlineData("utf8")]
    [InlineData("UTF-8")]
    [InlineData("us-ascii")]
    public async Task UTF_8_is_taken_however_it_is_called(string charset)
    {
        byte[] body = Encoding.UTF8.GetBytes(Client.Body("Où est le riz ?", more: """ "max_tokens": 4 """));

        Assert.Equal(201, (await PostBytesAsync(body, $"application/json; charset={charset}")).Status);
    }

    [PublishedFact]
    public async Task Bytes_that_are_no_text_are_refused()
    {
        byte[] body = [.. """{"messages": [{"role": "user", "content": """u8, (byte)'"', 0xC3, 0x28, 0xFF, (byte)'"', .. "}]}"u8];
        Reply reply = await daemon.Client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v1/rounds") { Content = new ByteArrayContent(body) });

        reply.MustBeProblem(400, "UTF-8 at byte 44");
    }

    [PublishedFact]
    public async Task A_deeply_nested_body_is_refused()
    {
        string nested = new string('[', 10_000) + new string(']', 10_000);

        (await daemon.Client.PostAsync("/v1/rounds", $$"""{"messages": {{nested}}}""")).MustBeProblem(400, "messages");
    }

    [PublishedFact]
    public async Task A_problem_repeats_nothing_of_what_was_said()
    {
        Reply reply = await daemon.Client.PostAsync(
            "/v1/rounds",
            """{"messages": [{"role": "user", "content": "zebrafinch"}], "candidates": "zebrafinch"}"""
        );

        reply.MustBeProblem(400, "candidates");
        Assert.DoesNotContain("zebrafinch", reply.Body, StringComparison.Ordinal);
    }

    [PublishedTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_that_is_too_large_is_refused_with_the_limit(bool chunked)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/rounds")
        {
            Content = new StringContent(Client.Body(new string('a', 300_000)), Encoding.UTF8),
        };
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

    [PublishedTheory]
    [InlineData("/health", 200)]
    [InlineData("/metrics", 200)]
    [InlineData("/v1/events", 200)]
    [InlineData("/v1/rounds/current?profile=nobody", 404)]
    [InlineData("/v1/comparisons/3f2504e0-4f89-41d3-9a0c-0305e82c3301", 200)]
    [InlineData("/v1/profiles/nobody/files/00000000000000000000000000000000", 200)]
    [InlineData("/nowhere", 404)]
    [InlineData("/v1/rounds", 405)]
    public async Task HEAD_is_answered_as_GET_is_without_a_body(string path, int status)
    {
        string answer = await daemon.Client.ExchangeAsync($"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: ", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    private Task<Reply> PostBytesAsync(byte[] body, string? contentType, string? coding = null)
    {
        var content = new ByteArrayContent(body);
        if (contentType is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        if (coding is not null)
            content.Headers.ContentEncoding.Add(coding);
        return daemon.Client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v1/rounds") { Content = content });
    }
}
