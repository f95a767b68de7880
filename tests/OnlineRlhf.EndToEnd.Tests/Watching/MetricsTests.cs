using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace OnlineRlhf.EndToEnd.Tests.Watching;

/// <summary>GET /metrics.</summary>
public sealed partial class MetricsTests
{
    [PublishedFact]
    public async Task Metrics_are_prometheus_text_and_count_what_happened()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder);
        await daemon.Client.AskAsync("Hello", "secretname", """ "ask": "never" """);
        Reply round = await daemon.Client.AskForTwoAsync(profile: "secretname");
        await daemon.Client.PreferAsync(round.Id, "second");
        await daemon.Client.PreferAsync(Guid.NewGuid().ToString(), "first");
        await daemon.Client.GetAsync("/nowhere");
        string brought =
            """{"messages": [{"role": "user", "content": "Hello"}], "chosen": "Good """
            + """morning.", "rejected": "Hm.", "id": "3f2504e0-4f89-41d3-9a0c-0305e82c3301"}""";
        await daemon.Client.PostAsync("/v1/comparisons", brought);
        await daemon.Client.PostAsync("/v1/comparisons", brought);
        Reply reply = await daemon.Client.GetAsync("/metrics");

        Assert.StartsWith("text/plain; version=0.0.4", reply.ContentType, StringComparison.Ordinal);
        Dictionary<string, double> metrics = Parse(reply.Body);
        Assert.Equal(1, metrics["onlinerlhf_ready"]);
        Assert.InRange(metrics["onlinerlhf_rounds_total"], 2, 21);
        Assert.Equal(1, metrics["onlinerlhf_rounds_asked_total"]);
        Assert.True(metrics["onlinerlhf_candidates_total"] >= 3);
        Assert.True(metrics["onlinerlhf_round_seconds_total"] > 0);
        Assert.Equal(0, metrics["onlinerlhf_requests_queued"]);
        Assert.Equal(1, metrics["""onlinerlhf_feedback_total{preferred="second"}"""]);
        Assert.Equal(1, metrics["onlinerlhf_comparisons_submitted_total"]);
        Assert.Equal(2, metrics["onlinerlhf_comparisons_recorded_total"]);
        // The old names, for one version.
        Assert.Equal(1, metrics["onlinerlhf_brought_total"]);
        Assert.Equal(2, metrics["onlinerlhf_learned_total"]);
        Assert.Equal(2, metrics["""onlinerlhf_responses_total{status="404"}"""]);
        Assert.DoesNotContain("secretname", reply.Body, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task A_request_whose_client_goes_away_counts_as_499()
    {
        using var folder = new TempFolder();
        await using DaemonProcess daemon = await DaemonProcess.StartReadyAsync(folder, "--max-tokens", "1500");
        await using EventStream events = await EventStream.OpenAsync(daemon);
        using var leaving = new CancellationTokenSource();
        Task<Reply> abandoned = daemon.Client.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "/v1/rounds")
            {
                Content = new StringContent(Client.Body("Tell me a very long story.", more: """ "temperature": 5 """)),
            },
            leaving.Token
        );
        while ((await events.NextAsync()).Name != "round.generating") { }
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);

        long start = Stopwatch.GetTimestamp();
        Dictionary<string, double> metrics;
        do metrics = Parse((await daemon.Client.GetAsync("/metrics")).Body);
        while (!metrics.ContainsKey("""onlinerlhf_responses_total{status="499"}""") && Stopwatch.GetElapsedTime(start) < Program.Patience);
        Assert.Equal(1, metrics["""onlinerlhf_responses_total{status="499"}"""]);
        Assert.Equal(0, metrics["onlinerlhf_rounds_total"]);
        Assert.DoesNotContain("fail:", daemon.Log, StringComparison.Ordinal);
    }

    /// <summary>The text format: a HELP and a TYPE line before the samples of each metric, a number in each sample.</summary>
    private static Dictionary<string, double> Parse(string text)
    {
        Dictionary<string, double> samples = [];
        HashSet<string> helped = [],
            typed = [];
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Help().Match(line) is { Success: true } help)
                Assert.True(helped.Add(help.Groups[1].Value), line);
            else if (Type().Match(line) is { Success: true } type)
                Assert.True(typed.Add(type.Groups[1].Value), line);
            else
            {
                Match sample = Sample().Match(line);
                Assert.True(sample.Success, line);
                Assert.Contains(sample.Groups[2].Value, typed);
                Assert.Contains(sample.Groups[2].Value, helped);
                Assert.True(samples.TryAdd(sample.Groups[1].Value, double.Parse(sample.Groups[3].Value, CultureInfo.InvariantCulture)), line);
            }
        }
        return samples;
    }

    [GeneratedRegex(@"^# HELP ([a-z_]+) \S.*$")]
    private static partial Regex Help();

    [GeneratedRegex("^# TYPE ([a-z_]+) (counter|gauge)$")]
    private static partial Regex Type();

    [GeneratedRegex("""^(([a-z_]+)(?:\{[a-z_]+="[^"\\]*"\})?) ([-+0-9.eE]+)$""")]
    private static partial Regex Sample();
}
