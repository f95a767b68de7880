using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>
/// Something else that listens on the daemon's socket: it says the same to every request, except that it may be well as a daemon is.
/// </summary>
internal sealed class Impostor : IAsyncDisposable
{
    /// <summary>How a daemon is that has nothing to do.</summary>
    internal const string Health = """
        {"status": "ready", "version": "0.1.0", "model": "Model", "features": 593, "threads": 1, "context_tokens": 512,
         "device": {"name": "CPU", "gpu_layers": null, "why": "chosen"},
         "pace": {"tokens_per_second": 100, "prompt_tokens_per_second": 200, "time_target": 30, "candidates": 8, "max_tokens": 256}, "open_rounds": 0,
         "queued": 0, "uptime_seconds": 1, "board": null}
        """;

    /// <summary>Connections so far.</summary>
    internal int Answered { get; private set; }

    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _answering;
    private readonly Func<string, (string Status, string Body)>? _answer;

    internal Impostor(
        TempFolder folder,
        string says,
        string contentType = "application/json",
        bool isWell = false,
        string status = "200 OK",
        Func<string, (string Status, string Body)>? answer = null
    )
    {
        _answer = answer;
        _listener.Bind(new UnixDomainSocketEndPoint(folder.Socket));
        _listener.Listen();
        _answering = AnswerAsync(says, contentType, isWell, status);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _answering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AnswerAsync(string says, string contentType, bool isWell, string status)
    {
        byte[] request = new byte[65_536];
        while (true)
        {
            using Socket connection = await _listener.AcceptAsync(_stop.Token);
            Answered++;
            int length = await connection.ReceiveAsync(request, _stop.Token);
            string asked = Encoding.UTF8.GetString(request, 0, length);
            // A body may come on its own.
            for (int end; (end = asked.IndexOf("\r\n\r\n", StringComparison.Ordinal)) < 0 || asked.Length < end + 4 + Length(asked); )
                asked += Encoding.UTF8.GetString(request, 0, await connection.ReceiveAsync(request, _stop.Token));
            bool isHealth = isWell && asked.StartsWith("GET /health ", StringComparison.Ordinal);
            (string line, string body) = isHealth ? (status, Health) : _answer?.Invoke(asked) ?? (status, says);
            await connection.SendAsync(
                Encoding.UTF8.GetBytes(
                    $"HTTP/1.1 {line}\r\nContent-Type: {contentType}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: "
                        + $"close\r\n\r\n{body}"
                ),
                _stop.Token
            );
        }
    }

    private static int Length(string request) =>
        Regex.Match(request, @"^Content-Length: (\d+)\r?$", RegexOptions.Multiline | RegexOptions.IgnoreCase) is { Success: true } match
            ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)
            : 0;
}
