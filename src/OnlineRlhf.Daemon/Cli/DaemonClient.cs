using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>Talks to the daemon over its socket.</summary>
internal sealed class DaemonClient : IDisposable
{
    // The daemon answers GET /health at once. The limit is long only for very busy machines.
    private static readonly TimeSpan HealthLimit = TimeSpan.FromSeconds(10);

    private readonly HttpClient _http;
    private readonly string _socket;

    /// <summary>The path of the daemon's socket.</summary>
    internal string Socket => _socket;

    internal DaemonClient(string socket)
    {
        _socket = socket;
        var handler = new SocketsHttpHandler
        {
            // The proxies in the environment are for networks, not for Unix sockets.
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellationToken).ConfigureAwait(false);
                    return new NetworkStream(connection, ownsSocket: true);
                }
                catch
                {
                    connection.Dispose();
                    throw;
                }
            },
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri("http://onlinerlhf"), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>
    /// Requests GET /health; every command does this first. Later requests may wait long for the model and for other requests, so a daemon that hangs
    /// is detected here.
    /// </summary>
    /// <exception cref="DaemonUnreachableException">The daemon does not answer in time, or the answer is not a daemon's.</exception>
    internal async Task<(Reply Reply, HealthBody Health)> HealthAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(HealthLimit);
        try
        {
            Reply reply = await GetAsync("/health", limit.Token).ConfigureAwait(false);
            if (Unavailable(reply) is { } problem)
                throw problem;
            return (reply, reply.Read(WireJson.Complete.HealthBody));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DaemonUnreachableException(
                $"The daemon on {_socket} has not answered for {HealthLimit.TotalSeconds:F0} seconds: try again later, or start it anew."
            );
        }
    }

    internal Task<Reply> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    internal Task<Reply> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, body, type, cancellationToken);

    /// <summary>Sends a body that is JSON already.</summary>
    internal Task<Reply> PostAsync(string path, byte[] body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, body, cancellationToken);

    internal Task<Reply> DeleteAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Delete, path), cancellationToken);

    internal Task<Reply> PutAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, path, body, type, cancellationToken);

    /// <summary>Sends a body and reads the answer event by event.</summary>
    /// <param name="path">The path.</param>
    /// <param name="body">The body.</param>
    /// <param name="type">The type of the body.</param>
    /// <param name="heard">Receives the name and the data of each event.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The answer if it is no stream; null after a stream.</returns>
    internal async Task<Reply?> PostAsync<T>(
        string path,
        T body,
        JsonTypeInfo<T> type,
        Action<string, string> heard,
        CancellationToken cancellationToken
    )
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type));
        using HttpResponseMessage response = await SendAsync(
                new HttpRequestMessage(HttpMethod.Post, path) { Content = content },
                HttpCompletionOption.ResponseHeadersRead,
                cancellationToken
            )
            .ConfigureAwait(false);
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream")
            return await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(cancellationToken).ConfigureAwait(false))
            heard(item.EventType, item.Data);
        return null;
    }

    /// <summary>Opens the stream of the daemon's events.</summary>
    /// <exception cref="DaemonUnreachableException">The daemon does not answer, or the answer is not a daemon's.</exception>
    internal async Task<HttpResponseMessage> FollowAsync(string path, CancellationToken cancellationToken)
    {
        HttpResponseMessage response = await SendAsync(
                new HttpRequestMessage(HttpMethod.Get, path),
                HttpCompletionOption.ResponseHeadersRead,
                cancellationToken
            )
            .ConfigureAwait(false);
        if (response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            return response;
        using (response)
        {
            Reply reply = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
            throw Unavailable(reply) ?? NotOurDaemon(reply.Status);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<Reply> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await SendAsync(request, HttpCompletionOption.ResponseContentRead, cancellationToken)
            .ConfigureAwait(false);
        return await ReadAsync(response, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads the body as UTF-8 whatever its header says, because another server may name an unknown character set.</summary>
    private static async Task<Reply> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        new((int)response.StatusCode, Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false)));

    private async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request,
        HttpCompletionOption completion,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await _http.SendAsync(request, completion, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied })
        {
            throw new DaemonUnreachableException(
                $"You may not talk to the daemon on {_socket}: join its group (sudo adduser $USER onlinerlhf) and log in anew, or run as its user."
            )
            {
                Forbidden = true,
            };
        }
        catch (HttpRequestException e)
        {
            throw new DaemonUnreachableException(
                $"No daemon answers on {_socket} ({Reason(e)}): "
                    + (
                        Locations.IsSystem(_socket)
                            ? "sudo onlinerlhf doctor says why."
                            : "start one with onlinerlhf serve, or say where it is with --socket."
                    )
            );
        }
    }

    private Task<Reply> SendAsync<T>(HttpMethod method, string path, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(method, path, JsonSerializer.SerializeToUtf8Bytes(body, type), cancellationToken);

    private Task<Reply> SendAsync(HttpMethod method, string path, byte[] body, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(method, path) { Content = new ByteArrayContent(body) }, cancellationToken);

    /// <summary>The problem of a daemon that cannot start or has no room for a connection; null if the daemon serves.</summary>
    private static DaemonUnreachableException? Unavailable(Reply reply)
    {
        if (reply.Status != StatusCodes.Status503ServiceUnavailable || reply.TryRead(WireJson.Complete.ProblemBody) is not { } problem)
            return null;
        bool cannotStart = problem.Reason == ProblemKind.CannotStart.Reason;
        string what = cannotStart ? "cannot start" : "is busy";
        return new DaemonUnreachableException($"The daemon {what}: {problem.Detail}") { CannotStart = cannotStart };
    }

    private static DaemonUnreachableException NotOurDaemon(int status) =>
        new($"What answers on the socket is no onlinerlhf daemon, or one of another version (status {status}): say where yours is with --socket.");

    private static string Reason(HttpRequestException e) =>
        e.InnerException is SocketException socket
            ? socket.SocketErrorCode switch
            {
                SocketError.AddressNotAvailable => "no such socket",
                SocketError.ConnectionRefused => "nothing listens there",
                _ => socket.Message,
            }
        : e.HttpRequestError == HttpRequestError.ResponseEnded || e.InnerException is IOException
            ? "it ended before it had answered; its log says why"
        : e.Message;

    /// <summary>The status and body of a response.</summary>
    internal readonly record struct Reply(int Status, string Body)
    {
        internal bool Succeeded => Status is >= 200 and < 300;

        /// <exception cref="DaemonUnreachableException">The body is not one that a daemon sends.</exception>
        internal T Read<T>(JsonTypeInfo<T> type)
            where T : class => TryRead(type) ?? throw NotOurDaemon(Status);

        /// <summary>Reads the body without a type.</summary>
        /// <exception cref="DaemonUnreachableException">The body is no JSON object.</exception>
        internal JsonElement Read()
        {
            try
            {
                var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(Body));
                if (JsonElement.ParseValue(ref reader) is { ValueKind: JsonValueKind.Object } read)
                    return read;
            }
            catch (JsonException)
            {
                // The exception below says what that means.
            }
            throw NotOurDaemon(Status);
        }

        /// <summary>Reads the body; null if it has another form.</summary>
        internal T? TryRead<T>(JsonTypeInfo<T> type)
            where T : class
        {
            try
            {
                return JsonSerializer.Deserialize(Body, type);
            }
            catch (JsonException)
            {
                return null;
            }
        }

        /// <summary>Prints the problem as a sentence or as JSON, and returns the exit code.</summary>
        internal int Fail(bool json, string advice = "")
        {
            ProblemBody problem = Read(WireJson.Complete.ProblemBody);
            if (json)
                Output.Json(Body);
            else
                Console.Error.WriteLine($"onlinerlhf: {problem.Detail}{advice}");
            return Status is 503 ? ExitCode.Transient : ExitCode.Failure;
        }
    }
}
