using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>An HTTP client on the daemon's socket.</summary>
internal sealed class Client : IDisposable
{
    private readonly string _socket;

    internal Client(string socket)
    {
        _socket = socket;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) => new NetworkStream(await ConnectAsync(cancellationToken), ownsSocket: true),
        };
        Http = new HttpClient(handler) { BaseAddress = new Uri("http://localhost"), Timeout = Program.Patience };
    }

    internal HttpClient Http { get; }

    /// <summary>A bare connection.</summary>
    internal async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_socket), cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends bytes as they are, closes that direction, and reads all that comes back.</summary>
    internal async Task<string> ExchangeAsync(string request)
    {
        using Socket socket = await ConnectAsync(TestContext.Current.CancellationToken);
        using var reader = new StreamReader(new NetworkStream(socket));
        await socket.SendAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
        socket.Shutdown(SocketShutdown.Send);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }

    internal async Task<bool> CanConnectAsync()
    {
        try
        {
            using Socket socket = await ConnectAsync(TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    internal Task<Reply> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

    internal Task<Reply> PostAsync(string path, string body) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") });

    internal Task<Reply> PutAsync(string path, string body) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Put, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") });

    internal async Task<Reply> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken, cancellationToken);
        using HttpResponseMessage response = await Http.SendAsync(request, either.Token);
        string body = await response.Content.ReadAsStringAsync(either.Token);
        return new Reply(
            (int)response.StatusCode,
            body,
            response.Content.Headers.ContentType?.ToString(),
            response.Headers.Location?.ToString(),
            response.Headers.RetryAfter?.ToString()
        );
    }

    /// <summary>Asks for a round; <paramref name="more"/> is further JSON fields, such as <c>"ask": "never"</c>.</summary>
    internal Task<Reply> AskAsync(string request, string profile = "default", string? more = null) =>
        PostAsync("/v1/rounds", Body(request, profile, more));

    /// <summary>Asks until the round shows two answers: the model may have only one.</summary>
    internal async Task<Reply> AskForTwoAsync(string request = "How do I make tea?", string profile = "default", string? more = null)
    {
        for (int attempt = 0; attempt < 20; attempt++)
        {
            Reply round = await AskAsync(request, profile, more);
            Assert.True(round.Status == 201, round.Body);
            if (round.Second is not null)
                return round;
        }
        throw new InvalidOperationException("The model gave a single answer twenty times.");
    }

    internal Task<Reply> PreferAsync(string round, string preferred) =>
        PostAsync($"/v1/rounds/{round}/feedback", $$"""{"preferred": "{{preferred}}"}""");

    internal static string Body(string request, string profile = "default", string? more = null)
    {
        JsonObject body = JsonNode.Parse(more is null ? "{}" : $"{{{more}}}")!.AsObject();
        body["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = request });
        body["profile"] = profile;
        return body.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    }

    public void Dispose() => Http.Dispose();
}
