using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds.Events;

/// <summary>An event of the loop, which screens, lamps and other clients can follow.</summary>
public abstract record RoundEvent
{
    private RoundEvent() { }

    /// <summary>A request is being answered.</summary>
    /// <param name="Profile">The profile of the request.</param>
    /// <param name="Progress">How far the answers are; zero candidates while the request waits for its turn.</param>
    public sealed record Generating(string Profile, SamplingProgress Progress) : RoundEvent;

    /// <summary>More of a round's answers is certain.</summary>
    /// <param name="Profile">The profile of the request.</param>
    /// <param name="First">The beginning of the answer that will be shown first, or of the only one.</param>
    /// <param name="Second">The beginning of the answer that will be shown second; null if the round asks nothing.</param>
    public sealed record Writing(string Profile, string First, string? Second) : RoundEvent;

    /// <summary>A round is open.</summary>
    /// <param name="Round">The round, with the texts of its answers.</param>
    public sealed record Opened(Round Round) : RoundEvent;

    /// <summary>A round is closed.</summary>
    /// <param name="Id">The round.</param>
    /// <param name="Profile">Its profile.</param>
    /// <param name="Reason">Why it is closed.</param>
    public sealed record Closed(Guid Id, string Profile, CloseReason Reason) : RoundEvent;

    /// <summary>A comparison is on the disk. The reward model learns it when it is next read.</summary>
    /// <param name="Id">The id of the round, or of the comparison that a client submitted.</param>
    /// <param name="Profile">Its profile.</param>
    /// <param name="Comparisons">How many comparisons of the profile are recorded.</param>
    /// <param name="Kind">Where it comes from.</param>
    public sealed record Recorded(Guid Id, string Profile, long Comparisons, ComparisonKind Kind = ComparisonKind.Press) : RoundEvent;

    /// <summary>A request ended without a round: it failed, or the client went away.</summary>
    /// <param name="Profile">The profile of the request.</param>
    /// <param name="Failed">Whether the model or the disk failed; false if the request was wrong, or its client went away.</param>
    public sealed record Abandoned(string Profile, bool Failed) : RoundEvent;

    /// <summary>Hardware buttons were pressed.</summary>
    /// <param name="Buttons">The answers that the pressed buttons stand for.</param>
    /// <param name="Outcome">The outcome of the press.</param>
    /// <param name="Round">The round that the press was for; null if there is none.</param>
    public sealed record Pressed(IReadOnlyList<Preferred> Buttons, PressOutcome Outcome, Guid? Round) : RoundEvent;

    /// <summary>The board with the buttons and lamps started to work, or stopped.</summary>
    /// <param name="Problem">Why the board does not work and what to do; null if it works.</param>
    public sealed record Board(string? Problem) : RoundEvent;

    /// <summary>This follower read too slowly and missed events, so what it knows is out of date.</summary>
    /// <param name="Count">How many events it missed.</param>
    public sealed record Lagged(int Count) : RoundEvent;
}
