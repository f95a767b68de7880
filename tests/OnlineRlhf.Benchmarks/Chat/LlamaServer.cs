using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace OnlineRlhf.Benchmarks.Chat;

/// <summary>llama.cpp's own server on one model, with one slot, on a port of this machine.</summary>
internal sealed class LlamaServer : IDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);
    private readonly Process _process;
    private readonly HttpClient _http;

    private LlamaServer(Process process, int port)
    {
        _process = process;
        _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = TimeSpan.FromMinutes(5) };
    }

    internal static LlamaServer Start(string program, string model, int context, int threads)
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        int port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        string[] arguments =
        [
            "-m",
            model,
            "-c",
            Text(context),
            "-np",
            "1",
            "-t",
            Text(threads),
            "-tb",
            Text(threads),
            "--host",
            "127.0.0.1",
            "--port",
            Text(port),
            "-ngl",
            "0",
            // Prompts that it put aside come back otherwise, and a question that is measured twice is not read.
            "--cache-ram",
            "0",
        ];
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        var server = new LlamaServer(Process.Start(start)!, port);
        var said = new StringBuilder();
        server._process.OutputDataReceived += (_, e) => Keep(e.Data);
        server._process.ErrorDataReceived += (_, e) => Keep(e.Data);
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        long started = Stopwatch.GetTimestamp();
        while (!server.IsReady())
        {
            if (server._process.HasExited || Stopwatch.GetElapsedTime(started) > StartLimit)
                throw new InvalidOperationException($"{program} does not serve:\n{said}");
            Thread.Sleep(50);
        }
        return server;

        void Keep(string? line)
        {
            lock (said)
                said.AppendLine(line);
        }
    }

    /// <summary>Goes on from a prompt for exactly so many tokens, with the engine's default samplers.</summary>
    /// <returns>How many tokens of the prompt it read.</returns>
    internal int Complete(IEnumerable<int> prompt, int tokens, uint seed)
    {
        var body = new JsonObject
        {
            ["prompt"] = new JsonArray([.. prompt.Select(t => (JsonNode)t)]),
            ["n_predict"] = tokens,
            ["ignore_eos"] = true,
            ["cache_prompt"] = true,
            ["seed"] = seed,
            ["samplers"] = new JsonArray("top_k", "top_p", "min_p", "temperature"),
            ["top_k"] = 40,
            ["top_p"] = 0.95,
            ["min_p"] = 0.05,
            ["temperature"] = 0.9,
        };
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using HttpResponseMessage response = _http.PostAsync(new Uri("/completion", UriKind.Relative), content).GetAwaiter().GetResult();
        string text = response.Content.ReadAsStringAsync().GetAwaiter().GetResult();
        JsonNode answer = response.IsSuccessStatusCode
            ? JsonNode.Parse(text)!
            : throw new InvalidOperationException($"llama-server: {response.StatusCode}: {text}");
        if (answer["tokens_predicted"]!.GetValue<int>() is var predicted && predicted != tokens)
            throw new InvalidOperationException($"llama-server wrote {predicted} tokens instead of {tokens}.");
        return answer["timings"]!["prompt_n"]!.GetValue<int>();
    }

    public void Dispose()
    {
        _http.Dispose();
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private bool IsReady()
    {
        try
        {
            using HttpResponseMessage response = _http.GetAsync(new Uri("/health", UriKind.Relative)).GetAwaiter().GetResult();
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
