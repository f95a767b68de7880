using OnlineRlhf.Daemon.Http;

namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>The state of onlinerlhf watch: everything that the screen shows.</summary>
internal sealed record WatchState
{
    /// <summary>The profile whose pairs are shown; null for all profiles.</summary>
    internal string? Profile { get; init; }

    /// <summary>Whether the user can answer with keys of this terminal.</summary>
    internal bool HasKeys { get; init; }

    /// <summary>Why there is no connection to the daemon; null if there is one.</summary>
    internal string? Lost { get; init; } = "Connecting.";

    internal bool IsLoading { get; init; }

    /// <summary>The open pair.</summary>
    internal RoundBody? Pair { get; init; }

    /// <summary>The progress of the answers that the model is writing.</summary>
    internal GeneratingBody? Writing { get; init; }

    /// <summary>The comparison that was recorded last.</summary>
    internal RecordedBody? Recorded { get; init; }

    /// <summary>The answers that the wired buttons give.</summary>
    internal IReadOnlyList<string> Buttons { get; init; } = [];

    /// <summary>Why the board does not work; null if it works.</summary>
    internal string? BoardProblem { get; init; }

    /// <summary>A message about the last event, shown for a few seconds.</summary>
    internal string? Notice { get; init; }

    /// <summary>The number of notices so far. It keeps the timer of one notice from removing the next one.</summary>
    internal int Notices { get; init; }

    /// <summary>The pair that a key answers; null while the model writes answers, because the next pair is about to replace this one.</summary>
    internal RoundBody? Answerable => Lost is null && !IsLoading && Writing is null ? Pair : null;

    /// <summary>The state after an input.</summary>
    internal WatchState After(WatchInput input) =>
        input switch
        {
            WatchInput.Snapshot { Body: var s } => (
                this with
                {
                    Lost = null,
                    IsLoading = s.Status != "ready",
                    Pair = s.Round is { } shown && Concerns(shown.Profile) ? shown : null,
                    Writing = null,
                    Recorded =
                        s is { Round: { } counted, Comparisons: { } count } && Concerns(counted.Profile)
                            ? new RecordedBody(counted.Id, counted.Profile, count)
                            : null,
                    Buttons = s.Buttons,
                    BoardProblem = s.Board,
                }
            ),
            WatchInput.Writing { Body: var w } when Concerns(w.Profile) => this with { Writing = w },
            WatchInput.Opened { Round: var r } when Concerns(r.Profile) => r.Asked
                ? this with
                {
                    Pair = r,
                    Writing = null,
                    Notice = null,
                }
                : Saying("One answer was served; nothing is asked.") with
                {
                    Writing = null,
                },
            WatchInput.Closed { Body: var c } when Pair?.Id == c.Id => (Wording.Of(c) is { } says ? Saying(says) : this) with { Pair = null },
            WatchInput.Current { Round: var r } => this with { Pair = r is { Asked: true } ? r : null },
            WatchInput.Recorded { Body: var r } when Concerns(r.Profile) => Saying(Wording.Of(r)) with { Recorded = r },
            WatchInput.Abandoned { Body: var a } when Concerns(a.Profile) => Saying(Wording.Of(a)) with { Writing = null },
            WatchInput.Pressed { Body: var p } => Saying(Wording.Of(p, Recorded is { } r && r.Id == p.Round ? r.Comparisons : null)),
            WatchInput.Board { Body: var b } => Saying(Wording.Of(b)) with { BoardProblem = b.Problem },
            WatchInput.Lagged { Body: var l } => Saying(Wording.Of(l)),
            WatchInput.Lost { Why: var why } => this with { Lost = why, IsLoading = false, Pair = null, Writing = null },
            WatchInput.KeyTaken { Message: var message } => Saying(message),
            WatchInput.Faded { Notice: var number } when number == Notices => this with { Notice = null },
            _ => this,
        };

    private bool Concerns(string profile) => Profile is null || Profile == profile;

    private WatchState Saying(string notice) => this with { Notice = notice, Notices = Notices + 1 };
}
