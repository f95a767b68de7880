using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using OnlineRlhf.Daemon.Hosting;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Http;

/// <summary>GET /metrics: Prometheus text. It contains only counts and times, and no names of profiles.</summary>
internal sealed class Metrics
{
    private readonly ConcurrentDictionary<string, long> _responses = new();
    private long _rounds,
        _asked,
        _candidates,
        _milliseconds,
        _wrongKeys;

    internal void Opened(Round round, TimeSpan took)
    {
        Interlocked.Add(ref _milliseconds, (long)took.TotalMilliseconds);
        Interlocked.Increment(ref _rounds);
        Interlocked.Add(ref _candidates, round.CandidateCount);
        if (round.Asked)
            Interlocked.Increment(ref _asked);
    }

    /// <summary>Counts a request over TCP whose key was wrong or missing.</summary>
    internal void RefusedKey() => Interlocked.Increment(ref _wrongKeys);

    internal void Responded(int status) => _responses.AddOrUpdate(status.ToString(CultureInfo.InvariantCulture), 1, (_, n) => n + 1);

    internal string Render(ModelHost host)
    {
        var text = new StringBuilder();
        LoopStatus? status = host.Loop?.Status;
        Dictionary<Preferred, long> feedback = Enum.GetValues<Preferred>().ToDictionary(p => p, p => status?.Answered(p) ?? 0);
        Line("ready", "gauge", "1 when the model answers", host.Loop is null ? 0 : 1);
        Line("rounds_total", "counter", "rounds opened", Interlocked.Read(ref _rounds));
        Line("rounds_asked_total", "counter", "rounds that showed two answers", Interlocked.Read(ref _asked));
        Line("candidates_total", "counter", "distinct candidate answers sampled", Interlocked.Read(ref _candidates));
        Line("round_seconds_total", "counter", "seconds from request to round, waiting included", Interlocked.Read(ref _milliseconds) / 1000.0);
        Line("rounds_open", "gauge", "rounds that wait for feedback", status?.OpenRounds ?? 0);
        Line("requests_queued", "gauge", "requests that run or wait for the model", status?.QueuedRequests ?? 0);
        Line("profiles_in_memory", "gauge", "profiles held in memory", status?.OpenProfiles ?? 0);
        Line("wrong_keys_total", "counter", "requests over TCP whose key was wrong or missing", Interlocked.Read(ref _wrongKeys));
        long submitted = status?.Submitted ?? 0,
            kept = status?.Kept ?? 0,
            words = status?.Words ?? 0,
            recorded = feedback.Sum(f => f.Key == Preferred.Skip ? 0 : f.Value) + submitted + kept + words;
        Renamed("comparisons_recorded_total", "learned_total", "comparisons recorded", recorded);
        Renamed("comparisons_submitted_total", "brought_total", "comparisons recorded that clients submitted", submitted);
        Line("comparisons_talk_total", "counter", "comparisons recorded because a chat went on with one of two answers", kept);
        Line("comparisons_word_total", "counter", "wishes about manner recorded, such as: shorter", words);
        Line(
            "comparisons_held_total",
            "counter",
            "comparisons of chats held back until the person goes back to a first answer",
            status?.HeldBack ?? 0
        );
        Line("comparisons_lost_total", "counter", "comparisons of chats lost because the disk failed or had no room", status?.TalkLost ?? 0);
        Labelled(
            "feedback_total",
            "feedback given, by answer; repeats do not count",
            "preferred",
            feedback.Where(f => f.Value > 0).Select(f => KeyValuePair.Create(WireName.Of(f.Key), f.Value))
        );
        Labelled("responses_total", "responses by status", "status", _responses);
        return text.ToString();

        void Line(string name, string type, string help, double value) =>
            text.Append(
                CultureInfo.InvariantCulture,
                $"# HELP onlinerlhf_{name} {help}\n# TYPE onlinerlhf_{name} {type}\nonlinerlhf_{name} {value}\n"
            );

        // Dashboards for version 0.1.0 read the old name. The next version drops it.
        void Renamed(string name, string oldName, string help, long value)
        {
            Line(name, "counter", help, value);
            Line(oldName, "counter", $"old name of onlinerlhf_{name}, for this version only", value);
        }

        void Labelled(string name, string help, string label, IEnumerable<KeyValuePair<string, long>> values)
        {
            text.Append(CultureInfo.InvariantCulture, $"# HELP onlinerlhf_{name} {help}\n# TYPE onlinerlhf_{name} counter\n");
            foreach ((string value, long count) in values.OrderBy(p => p.Key, StringComparer.Ordinal))
                text.Append(CultureInfo.InvariantCulture, $"onlinerlhf_{name}{{{label}=\"{value}\"}} {count}\n");
        }
    }
}
