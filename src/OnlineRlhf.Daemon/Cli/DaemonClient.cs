using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>Talks to the daemon over its socket.</summary>
internal sealed class DaemonClient : IDisposable
{
    private readonly HttpClient _http;
    private readonly string _socket;

    internal DaemonClient(string socket)
    {
        _socket = socket;
        var handler = new SocketsHttpHandler
        {
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

    internal Task<Reply> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);

    internal Task<Reply> PostAsync<T>(string path, T body, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, type)) }, cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<Reply> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, cancellationToken).ConfigureAwait(false);
            return new Reply((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false));
        }
        catch (HttpRequestException e) when (e.InnerException is SocketException { SocketErrorCode: SocketError.AccessDenied })
        {
            throw new DaemonUnreachableException($"You may not talk to the daemon on {_socket}: join its group, or run as its user.");
        }
        catch (HttpRequestException e)
        {
            throw new DaemonUnreachableException($"No daemon answers on {_socket} ({Reason(e)}): start one with onlinerlhf serve, or say where it is with --socket.");
        }
    }

    private static string Reason(HttpRequestException e) => e.InnerException is SocketException socket
        ? socket.SocketErrorCode switch
        {
            SocketError.AddressNotAvailable => "no such socket",
            SocketError.ConnectionRefused => "nothing listens there",
            _ => socket.Message,
        }
        : e.Message;

    /// <summary>A response: its status and its body.</summary>
    internal readonly record struct Reply(int Status, string Body)
    {
        internal bool Succeeded => Status is >= 200 and < 300;

        /// <exception cref="DaemonUnreachableException">It is not what the daemon answers.</exception>
        internal T Read<T>(JsonTypeInfo<T> type)
        {
            try
            {
                return JsonSerializer.Deserialize(Body, type)!;
            }
            catch (JsonException)
            {
                throw new DaemonUnreachableException($"What answers on the socket is no daemon of this version (status {Status}): say where yours is with --socket.");
            }
        }

        /// <summary>Prints what went wrong, in words or as it came, and returns the exit code.</summary>
        internal int Fail(bool json)
        {
            if (json)
                Console.WriteLine(Body);
            else
                Console.Error.WriteLine($"onlinerlhf: {Read(WireJson.Readable.ProblemBody).Detail}");
            return Status is 503 ? ExitCode.Transient : ExitCode.Failure;
        }
    }
}
