using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>Events in words.</summary>
internal static class Wording
{
    internal const string NothingOpen = "Nothing is open: it counts for nothing.",
        NotNow = "Answers are being written: it counts for nothing.",
        TooEarly = "Too early: the pair had just come.";

    internal static string Of(ButtonBody press, long? comparison)
    {
        string which = $"{string.Join(" and ", press.Buttons)} button{(press.Buttons.Count > 1 ? "s" : "")}";
        string outcome = press.Outcome switch
        {
            "counted" when press.Buttons is ["skip"] => "Counted: skipped, nothing is learned.",
            "counted" => comparison is { } number ? $"Counted: comparison {number} is learned." : "Counted.",
            "no-round" => NothingOpen,
            "generating" => NotNow,
            "too-early" => TooEarly,
            "unclear" when press.Buttons.Count > 1 => "Both at once: it counts for nothing.",
            "unclear" => "Twice at once: it counts for nothing.",
            "held" => "Held down since the start: let it go first.",
            "refused" => "Not taken: the pair was over, or nothing could be stored; the daemon's log says which.",
            var other => $"{other}.",
        };
        return $"{char.ToUpperInvariant(which[0])}{which[1..]}: {char.ToLowerInvariant(outcome[0])}{outcome[1..]}";
    }

    internal static string? Of(ClosedBody closed) =>
        closed.Reason switch
        {
            "skipped" => "Skipped: nothing is learned.",
            "expired" => "Nobody answered in time: the pair is gone.",
            _ => null,
        };

    internal static string Of(LearnedBody learned) => $"Learned: comparison {learned.Comparisons} of {learned.Profile}.";

    internal static string Of(AbandonedBody abandoned) => $"A request of {abandoned.Profile} ended without an answer.";

    internal static string Of(GeneratingBody writing) =>
        writing.Candidates == 0
            ? "The request waits for its turn."
            : $"{Plural.Of(writing.Tokens, "token")}, {writing.Finished} of {Plural.Of(writing.Candidates, "answer")} finished";

    internal static string Of(LaggedBody lagged) => $"{Plural.Of(lagged.Count, "event")} came faster than they were read, and are not shown.";

    internal static string Of(BoardBody board) => board.Problem is { } problem ? $"Buttons and lamps: {problem}" : "Buttons and lamps work.";
}
