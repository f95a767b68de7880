using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OnlineRlhf.Benchmarks.Daemon;

/// <summary>A published daemon that this program has started, on a socket and a state folder of its own.</summary>
internal sealed partial class DaemonProcess : IDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private readonly Process _process;
    private readonly HttpClient _http;

    private DaemonProcess(Process process, string socket, TimeSpan connectable, long started)
    {
        _process = process;
        Connectable = connectable;
        Started = started;
        _http = new HttpClient(
            new SocketsHttpHandler { ConnectCallback = async (_, token) => new NetworkStream(await ConnectAsync(socket, token), ownsSocket: true) }
        )
        {
            BaseAddress = new Uri("http://localhost"),
            Timeout = TimeSpan.FromMinutes(5),
        };
    }

    internal int Id => _process.Id;

    /// <summary>From just before the spawn to the first connection that is accepted.</summary>
    internal TimeSpan Connectable { get; }

    /// <summary>When it was spawned, a <see cref="Stopwatch"/> timestamp.</summary>
    internal long Started { get; }

    /// <summary>Starts it and waits until its socket takes a connection.</summary>
    internal static DaemonProcess Start(string program, string folder, string? model, params string[] settings)
    {
        string socket = Path.Combine(folder, "s");
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            "serve",
            "--socket",
            socket,
            "--state",
            Path.Combine(folder, "state"),
            .. model is null ? (string[])[] : ["--model", model],
            .. settings,
        ];
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (string variable in start.Environment.Keys.Where(k => k.StartsWith("ONLINERLHF_", StringComparison.Ordinal)).ToArray())
            _ = start.Environment.Remove(variable);
        long started = Stopwatch.GetTimestamp();
        Process process = Process.Start(start)!;
        while (!CanConnect(socket))
        {
            if (process.HasExited || Stopwatch.GetElapsedTime(started) > StartLimit)
                throw new InvalidOperationException($"{program} opened no socket: {process.StandardError.ReadToEnd()}");
            Thread.Sleep(1);
        }
        TimeSpan connectable = Stopwatch.GetElapsedTime(started);
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new DaemonProcess(process, socket, connectable, started);
    }

    /// <summary>Waits until the model answers.</summary>
    internal TimeSpan WaitUntilReady()
    {
        while (true)
        {
            using HttpResponseMessage health = _http.Send(new HttpRequestMessage(HttpMethod.Get, "/health"));
            if (health.StatusCode == HttpStatusCode.OK)
                return Stopwatch.GetElapsedTime(Started);
            if (_process.HasExited)
                throw new InvalidOperationException($"The daemon ended with exit code {_process.ExitCode} before its model answered.");
            Thread.Sleep(5);
        }
    }

    /// <summary>d of its feature map.</summary>
    internal int Features()
    {
        using HttpResponseMessage health = _http.Send(new HttpRequestMessage(HttpMethod.Get, "/health"));
        using var document = JsonDocument.Parse(health.Content.ReadAsStream());
        return document.RootElement.GetProperty("features").GetInt32();
    }

    /// <summary>Sends a JSON body and returns the JSON answer.</summary>
    internal JsonElement Post(string path, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach ((string name, string value) in headers)
            request.Headers.Add(name, value);
        using HttpResponseMessage response = _http.Send(request);
        using var reader = new StreamReader(response.Content.ReadAsStream());
        string text = reader.ReadToEnd();
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"POST {path} gave {(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>The milliseconds until the first word of a chat's streamed answer. Reads the answer to its end.</summary>
    internal double FirstWord(string question)
    {
        string body = new JsonObject
        {
            ["model"] = "onlinerlhf",
            ["stream"] = true,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = question }),
        }.ToJsonString();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = _http.Send(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(response.EnsureSuccessStatusCode().Content.ReadAsStream());
        double? first = null;
        while (reader.ReadLine() is { } line)
        {
            // The chunk before it has only the role.
            if (first is null && line.Contains("\"content\":\"", StringComparison.Ordinal) && !line.Contains("\"role\"", StringComparison.Ordinal))
                first = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        return first ?? throw new InvalidOperationException("The stream had no word.");
    }

    /// <summary>Ends it at once, in the middle of whatever it does.</summary>
    internal void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        _http.Dispose();
        if (!_process.HasExited)
            _ = kill(_process.Id, Terminate);
        if (!_process.WaitForExit(10_000))
            _process.Kill();
        _process.Dispose();
    }

    private static bool CanConnect(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static async Task<Socket> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
        return socket;
    }

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
