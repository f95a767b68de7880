using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>An HTTP client on one of the daemon's sockets.</summary>
internal sealed class Client : IDisposable
{
    private readonly EndPoint _address;

    internal Client(string socket)
        : this(new UnixDomainSocketEndPoint(socket), "http://localhost") { }

    /// <summary>Over TCP, with a key where there is one.</summary>
    internal Client(IPEndPoint address, string? key)
        : this((EndPoint)address, $"http://{address}")
    {
        if (key is not null)
            Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    private Client(EndPoint address, string url)
    {
        _address = address;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) => new NetworkStream(await ConnectAsync(cancellationToken), ownsSocket: true),
        };
        Http = new HttpClient(handler) { BaseAddress = new Uri(url), Timeout = Program.Patience };
    }

    internal HttpClient Http { get; }

    /// <summary>A bare connection.</summary>
    internal async Task<Socket> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(_address.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(_address, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Sends bytes as they are, closes that direction unless the request itself ends the connection, and reads all that comes back.
    /// </summary>
    internal async Task<string> ExchangeAsync(string request, bool closes = true)
    {
        using Socket socket = await ConnectAsync(TestContext.Current.CancellationToken);
        using var reader = new StreamReader(new NetworkStream(socket));
        await socket.SendAsync(Encoding.UTF8.GetBytes(request), TestContext.Current.CancellationToken);
        if (closes)
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

    internal Task<Reply> DeleteAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Delete, path));

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
