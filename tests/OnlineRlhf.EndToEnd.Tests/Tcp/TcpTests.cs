using System.Text;
using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.Tcp;

/// <summary>Over TCP nothing is served without a key, to another host, or to the page of another site.</summary>
public sealed class TcpTests(TcpDaemon daemon) : IClassFixture<TcpDaemon>
{
    private const string WrongKey = "orlhf-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        Chat = """{"messages": [{"role": "user", "content": "How do I boil an egg?"}], "max_tokens": 3}""";

    private string Host => $"{daemon.Process.Address}";

    [PublishedTheory]
    [InlineData("GET /health")]
    [InlineData("HEAD /health")]
    [InlineData("GET /metrics")]
    [InlineData("GET /v1/events")]
    [InlineData("GET /v1/rounds/current")]
    [InlineData("GET /nothing")]
    [InlineData("DELETE /health")]
    [InlineData("GET /v1/keys")]
    [InlineData("OPTIONS /health")]
    public async Task Without_a_key_nothing_is_served(string request)
    {
        string answer = await SendAsync(null, request);
        Assert.StartsWith("HTTP/1.1 401 Unauthorized\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nWWW-Authenticate: Bearer\r\n", answer, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task With_a_key_everything_is_served_but_the_making_of_keys()
    {
        Assert.Equal(200, (await daemon.Client.GetAsync("/health")).Status);
        Assert.Contains("onlinerlhf_wrong_keys_total", (await daemon.Client.GetAsync("/metrics")).Body, StringComparison.Ordinal);
        Reply round = await daemon.Client.AskForTwoAsync(profile: "tea");
        Assert.Equal(1, (await daemon.Client.PreferAsync(round.Id, "first")).Comparisons);
        Assert.Equal(200, (await daemon.Client.PostAsync("/v1/chat/completions", Chat)).Status);
        Assert.Equal(404, (await daemon.Client.GetAsync("/nothing")).Status);

        (await daemon.Client.GetAsync("/v1/keys")).MustBeProblem(403, "on the device");
        (await daemon.Client.PostAsync("/v1/keys", """{"name": "more"}""")).MustBeProblem(403, "on the device");
        (await daemon.Client.DeleteAsync("/v1/keys/house")).MustBeProblem(403, "on the device");
    }

    [PublishedTheory]
    [InlineData("Authorization: Bearer KEY", 200)]
    [InlineData("authorization: bearer KEY", 200)]
    [InlineData("Authorization: BEARER   KEY  ", 200)]
    [InlineData("Authorization: Bearer " + WrongKey, 401)]
    [InlineData("Authorization: Bearer", 401)]
    [InlineData("Authorization: Bearer KEYx", 401)]
    [InlineData("Authorization: Bearer KEY KEY", 401)]
    [InlineData("Authorization: KEY", 401)]
    [InlineData("Authorization: Basic KEY", 401)]
    [InlineData("X-Api-Key: KEY", 401)]
    [InlineData("Authorization: Bearer KEY\r\nAuthorization: Bearer KEY", 401)]
    [InlineData("Authorization: Bearer " + WrongKey + "\r\nAuthorization: Bearer KEY", 401)]
    [InlineData("Authorization: Bearer \0KEY", 400)]
    public async Task One_header_carries_the_key(string header, int status) =>
        Assert.StartsWith(
            $"HTTP/1.1 {status} ",
            await SendAsync(null, "GET /health", header.Replace("KEY", daemon.Key, StringComparison.Ordinal)),
            StringComparison.Ordinal
        );

    [PublishedFact]
    public async Task A_giant_header_is_refused() =>
        Assert.StartsWith(
            "HTTP/1.1 431 ",
            await SendAsync(null, "GET /health", $"Authorization: Bearer {new string('a', 64 << 10)}"),
            StringComparison.Ordinal
        );

    [PublishedFact]
    public async Task A_wrong_key_is_an_error_in_the_shape_of_the_path_and_is_counted()
    {
        using Client wrong = daemon.Process.Over(WrongKey);
        long before = await CountAsync();
        (await wrong.GetAsync("/v1/rounds/current")).MustBeProblem(401, "onlinerlhf key add");
        JsonElement error = (await wrong.PostAsync("/v1/chat/completions", Chat)).Json.GetProperty("error");
        Assert.Equal("invalid_api_key", error.GetProperty("code").GetString());
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal(before + 2, await CountAsync());

        Task<long> CountAsync() => daemon.Process.CountAsync("wrong_keys_total");
    }

    [PublishedTheory]
    [InlineData("Host: evil.example", 421)]
    [InlineData("Host: evil.example:8765", 421)]
    [InlineData("Host: localhost", 200)]
    [InlineData("Host: 127.0.0.1", 200)]
    [InlineData("Host: localhost\r\nOrigin: null", 403)]
    [InlineData("Host: localhost\r\nOrigin: http://evil.example", 403)]
    [InlineData("Host: evil.example\r\nOrigin: http://evil.example", 421)]
    [InlineData("Host: localhost\r\nOrigin: http://localhost", 200)]
    public async Task Another_host_and_the_page_of_another_site_are_refused_with_a_key_too(string headers, int status)
    {
        string answer = await SendAsync(daemon.Key, "GET /health", headers);
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Access-Control", answer, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_whole_address_as_the_target_does_not_hide_the_host() =>
        Assert.StartsWith("HTTP/1.1 4", await SendAsync(daemon.Key, "GET http://evil.example/health", "Host: localhost"), StringComparison.Ordinal);

    [PublishedFact]
    public async Task Each_of_many_requests_at_once_needs_the_key()
    {
        string bare = $"GET /health HTTP/1.1\r\nHost: {Host}\r\n",
            good = $"{bare}Authorization: Bearer {daemon.Key}\r\n\r\n";
        string answers = await daemon.Client.ExchangeAsync(
            $"{good}{bare}\r\n{good}GET /health HTTP/1.1\r\nHost: {Host}\r\nConnection: close\r\n\r\n",
            closes: false
        );
        Assert.Equal(
            ["200 OK", "401 Unauthorized", "200 OK", "401 Unauthorized"],
            answers.Split("HTTP/1.1 ").Skip(1).Select(a => a.Split("\r\n")[0])
        );
    }

    [PublishedFact]
    public async Task No_key_is_logged()
    {
        (string key, Client anna) = await daemon.Process.JoinAsync("logged");
        using (anna)
            Assert.Equal(200, (await anna.GetAsync("/health")).Status);
        await SendAsync(null, "GET /health", $"Authorization: Bearer {WrongKey}");
        Assert.DoesNotContain(key, daemon.Process.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(WrongKey, daemon.Process.Log, StringComparison.Ordinal);
        byte[] kept = File.ReadAllBytes(Path.Combine(daemon.Folder.State, "keys"));
        Assert.Equal(-1, kept.AsSpan().IndexOf(Encoding.ASCII.GetBytes(key)));
    }

    [PublishedFact]
    public async Task A_key_sees_the_events_of_its_profile_alone()
    {
        (_, Client anna) = await daemon.Process.JoinAsync("watcher");
        using Client watcher = anna;
        await using EventStream events = await EventStream.OpenAsync(watcher);
        Assert.Equal("snapshot", (await events.NextAsync()).Name);
        await daemon.Client.AskAsync("Hello", "somebody-else");
        Reply own = await watcher.PostAsync("/v1/rounds", """{"messages": [{"role": "user", "content": "Hello"}]}""");
        Assert.Equal("watcher", own.Json.GetProperty("profile").GetString());
        EventStream.Event first = await events.NextStepAsync();
        Assert.Equal(("round.opened", own.Id), (first.Name, first.Data.GetProperty("id").GetString()));
    }

    [PublishedFact]
    public async Task A_removed_key_ends_what_it_reads()
    {
        (_, Client made) = await daemon.Process.JoinAsync("leaver");
        using Client leaver = made;
        await using EventStream events = await EventStream.OpenAsync(leaver);
        Assert.Equal("snapshot", (await events.NextAsync()).Name);
        Assert.Equal(200, (await daemon.Process.Client.DeleteAsync("/v1/keys/leaver")).Status);
        await Assert.ThrowsAnyAsync<IOException>(events.NextAsync);
        (await leaver.GetAsync("/health")).MustBeProblem(401);
    }

    [PublishedFact]
    public async Task A_client_that_leaves_ends_its_request()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await using EventStream events = await EventStream.OpenAsync(daemon.Process);
        Task<Reply> asked = daemon.Client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/v1/rounds")
            {
                Content = new StringContent(Client.Body("Tell me everything about bread.", "gone"), Encoding.UTF8, "application/json"),
            },
            limit.Token
        );
        while ((await events.NextAsync()) is not { Name: "round.generating" }) { }
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        EventStream.Event ended;
        do ended = await events.NextStepAsync();
        while (ended.Name is "snapshot" || ended.Data.GetProperty("profile").GetString() != "gone");
        Assert.Contains(ended.Name, new[] { "round.abandoned", "round.opened" });
    }

    /// <summary>Sends a request without a body; the Host is the daemon's where the headers name none.</summary>
    private Task<string> SendAsync(string? key, string request, string headers = "")
    {
        StringBuilder text = new($"{request} HTTP/1.1\r\nConnection: close\r\n");
        if (!headers.StartsWith("Host:", StringComparison.Ordinal))
            text.Append($"Host: {Host}\r\n");
        if (key is not null)
            text.Append($"Authorization: Bearer {key}\r\n");
        if (headers.Length > 0)
            text.Append($"{headers}\r\n");
        return daemon.Client.ExchangeAsync(text.Append("\r\n").ToString(), closes: false);
    }
}
