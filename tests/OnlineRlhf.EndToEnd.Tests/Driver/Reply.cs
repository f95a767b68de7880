using System.Text.Json;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>A response of the daemon.</summary>
internal sealed record Reply(int Status, string Body, string? ContentType, string? Location, string? RetryAfter)
{
    internal JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    internal string Id => Json.GetProperty("id").GetString()!;

    internal string Reason => Json.GetProperty("reason").GetString()!;

    internal string Detail => Json.GetProperty("detail").GetString()!;

    internal long Comparisons => Json.GetProperty("comparisons").GetInt64();

    internal string First => Json.GetProperty("first").GetProperty("text").GetString()!;

    internal string? Second =>
        Json.GetProperty("second") is { ValueKind: JsonValueKind.Object } second ? second.GetProperty("text").GetString() : null;

    /// <summary>A problem of RFC 9457 with this status, whose sentence holds these words.</summary>
    internal void MustBeProblem(int status, params string[] words)
    {
        Assert.True(Status == status, $"Status {Status} instead of {status}: {Body}");
        Assert.StartsWith("application/problem+json", ContentType, StringComparison.Ordinal);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.NotEmpty(Json.GetProperty("title").GetString()!);
        Assert.NotEmpty(Json.GetProperty("type").GetString()!);
        foreach (string word in words)
            Assert.Contains(word, Detail, StringComparison.Ordinal);
    }
}
