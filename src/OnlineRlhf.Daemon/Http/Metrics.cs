using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Rounds;

namespace OnlineRlhf.Daemon.Http;

/// <summary>GET /metrics: Prometheus text, counts and times only, no names of profiles.</summary>
internal sealed class Metrics(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, long> _requests = new();
    private long _rounds, _asked, _tokens, _candidates, _learned, _milliseconds;

    internal async Task<Round> Time(Func<Task<Round>> open)
    {
        long start = clock.GetTimestamp();
        Round round = await open().ConfigureAwait(false);
        Interlocked.Add(ref _milliseconds, (long)clock.GetElapsedTime(start).TotalMilliseconds);
        Interlocked.Increment(ref _rounds);
        Interlocked.Add(ref _candidates, round.CandidateCount);
        Interlocked.Add(ref _tokens, round.First.Tokens + (round.Second?.Tokens ?? 0));
        if (round.Asked)
            Interlocked.Increment(ref _asked);
        return round;
    }

    internal void Count(HttpContext context)
    {
        _requests.AddOrUpdate(context.Response.StatusCode.ToString(CultureInfo.InvariantCulture), 1, (_, n) => n + 1);
    }

    internal void Learned() => Interlocked.Increment(ref _learned);

    internal string Render(ModelHost host)
    {
        var text = new StringBuilder();
        Line("ready", "gauge", "1 when the model answers", host.Loop is null ? 0 : 1);
        Line("rounds_total", "counter", "rounds opened", Interlocked.Read(ref _rounds));
        Line("rounds_asked_total", "counter", "rounds that showed two answers", Interlocked.Read(ref _asked));
        Line("comparisons_total", "counter", "comparisons learned since the start", Interlocked.Read(ref _learned));
        Line("candidates_total", "counter", "distinct candidate answers sampled", Interlocked.Read(ref _candidates));
        Line("shown_tokens_total", "counter", "tokens of the answers shown", Interlocked.Read(ref _tokens));
        Line("round_seconds_total", "counter", "seconds from request to round, waiting included", Interlocked.Read(ref _milliseconds) / 1000.0);
        Line("rounds_open", "gauge", "rounds that wait for feedback", host.Loop?.OpenRounds ?? 0);
        Line("requests_queued", "gauge", "requests that run or wait for the model", host.Loop?.QueuedRequests ?? 0);
        Line("profiles_in_memory", "gauge", "profiles held in memory", host.Loop?.OpenProfiles ?? 0);
        text.Append("# HELP onlinerlhf_responses_total responses by status\n# TYPE onlinerlhf_responses_total counter\n");
        foreach ((string status, long count) in _requests.OrderBy(p => p.Key, StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"onlinerlhf_responses_total{{status=\"{status}\"}} {count}\n");
        return text.ToString();

        void Line(string name, string type, string help, double value) =>
            text.Append(CultureInfo.InvariantCulture, $"# HELP onlinerlhf_{name} {help}\n# TYPE onlinerlhf_{name} {type}\nonlinerlhf_{name} {value}\n");
    }
}
