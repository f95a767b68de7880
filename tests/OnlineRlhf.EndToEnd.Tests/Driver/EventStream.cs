using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>Follows GET /v1/events.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    private EventStream(HttpResponseMessage response, Stream stream) => (_response, _reader) = (response, new StreamReader(stream));

    internal sealed record Event(string Name, JsonElement Data);

    internal string? ContentType => _response.Content.Headers.ContentType?.MediaType;

    internal static Task<EventStream> OpenAsync(DaemonProcess daemon, string query = "") => OpenAsync(daemon.Client, query);

    internal static async Task<EventStream> OpenAsync(Client client, string query = "")
    {
        HttpResponseMessage response = await client.Http.GetAsync(
            "/v1/events" + query,
            HttpCompletionOption.ResponseHeadersRead,
            TestContext.Current.CancellationToken
        );
        return new EventStream(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The next event; heartbeats are passed over.</summary>
    internal async Task<Event> NextAsync()
    {
        string? name = null,
            data = null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Program.Patience);
        while (await _reader.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal))
                name = line["event: ".Length..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                data = line["data: ".Length..];
            else if (line.Length == 0 && name is not null)
                return new Event(name, JsonSerializer.Deserialize<JsonElement>(data!));
        }
        throw new EndOfStreamException("The events ended.");
    }

    /// <summary>The next event that is not progress, and no beginning of an answer.</summary>
    internal async Task<Event> NextStepAsync()
    {
        Event happened;
        do happened = await NextAsync();
        while (happened.Name is "round.generating" or "round.writing");
        return happened;
    }

    /// <summary>Reads one heartbeat.</summary>
    internal async Task HeartbeatAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Program.Patience);
        string? line;
        do line = await _reader.ReadLineAsync(limit.Token);
        while (line != ":");
    }

    public ValueTask DisposeAsync()
    {
        _reader.Dispose();
        _response.Dispose();
        return ValueTask.CompletedTask;
    }
}
