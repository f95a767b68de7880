using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>Describes events in words.</summary>
internal static class Wording
{
    internal const string NothingOpen = "Nothing is open: it counts for nothing.",
        NotNow = "Answers are being written: it counts for nothing.",
        TooEarly = "Too early: the pair had just come.";

    internal static string Of(ButtonBody press, long? comparison)
    {
        string which = $"{string.Join(" and ", press.Buttons)} button{(press.Buttons.Count > 1 ? "s" : "")}";
        string outcome = WireName.TryParse(press.Outcome, out PressOutcome known) ? Of(known, press.Buttons, comparison) : $"{press.Outcome}.";
        return $"{char.ToUpperInvariant(which[0])}{which[1..]}: {char.ToLowerInvariant(outcome[0])}{outcome[1..]}";
    }

    private static string Of(PressOutcome outcome, IReadOnlyList<string> buttons, long? comparison) =>
        outcome switch
        {
            PressOutcome.Counted when buttons is [var only] && only == WireName.Of(Preferred.Skip) => "Counted: skipped, nothing is recorded.",
            PressOutcome.Counted => comparison is { } number ? $"Counted: comparison {number} is recorded." : "Counted.",
            PressOutcome.NoRound => NothingOpen,
            PressOutcome.Generating => NotNow,
            PressOutcome.TooEarly => TooEarly,
            PressOutcome.Unclear when buttons.Count > 1 => "Both at once: it counts for nothing.",
            PressOutcome.Unclear => "Twice at once: it counts for nothing.",
            PressOutcome.Held => "Held down since the start: let it go first.",
            PressOutcome.Refused => "Not taken: the pair was over, or nothing could be stored; the daemon's log says which.",
        };

    internal static string? Of(ClosedBody closed) =>
        !WireName.TryParse(closed.Reason, out CloseReason reason) ? null
        : reason == CloseReason.Skipped ? "Skipped: nothing is recorded."
        : reason == CloseReason.Expired ? "Nobody answered in time: the pair is gone."
        : null;

    internal static string Of(RecordedBody recorded) => $"Recorded: comparison {recorded.Comparisons} of {recorded.Profile}.";

    internal static string Of(AbandonedBody abandoned) => $"A request of {abandoned.Profile} ended without an answer.";

    internal static string Of(GeneratingBody writing) =>
        writing.Candidates == 0
            ? "The request waits for its turn."
            : $"{Plural.Of(writing.Tokens, "token")}, {writing.Finished} of {Plural.Of(writing.Candidates, "answer")} finished";

    internal static string Of(LaggedBody lagged) => $"{Plural.Of(lagged.Count, "event")} came faster than they were read, and are not shown.";

    internal static string Of(BoardBody board) => board.Problem is { } problem ? $"Buttons and lamps: {problem}" : "Buttons and lamps work.";
}
