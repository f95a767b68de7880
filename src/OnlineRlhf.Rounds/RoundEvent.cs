using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Rounds;

/// <summary>Something that happened; what a screen, a lamp or another client follows.</summary>
public abstract record RoundEvent
{
    private RoundEvent() { }

    /// <summary>A request is being answered.</summary>
    /// <param name="Profile">For whom.</param>
    /// <param name="Progress">How far; no candidates while the request waits for its turn.</param>
    public sealed record Generating(string Profile, SamplingProgress Progress) : RoundEvent;

    /// <summary>A round is open.</summary>
    /// <param name="Round">The round, texts included.</param>
    public sealed record Opened(Round Round) : RoundEvent;

    /// <summary>A round is closed.</summary>
    /// <param name="Id">The round.</param>
    /// <param name="Profile">Its profile.</param>
    /// <param name="Reason">feedback, skipped, expired or superseded.</param>
    public sealed record Closed(Guid Id, string Profile, string Reason) : RoundEvent;

    /// <summary>A comparison is on the disk; the model learns it when it is next read.</summary>
    /// <param name="Id">The round.</param>
    /// <param name="Profile">Its profile.</param>
    /// <param name="Comparisons">Comparisons recorded by that profile.</param>
    public sealed record Recorded(Guid Id, string Profile, long Comparisons) : RoundEvent;

    /// <summary>A request ended without a round: it failed, or whoever asked went away.</summary>
    /// <param name="Profile">For whom.</param>
    /// <param name="Failed">Whether the model or the disk failed; false where the request was wrong, or nobody waited any more.</param>
    public sealed record Abandoned(string Profile, bool Failed) : RoundEvent;

    /// <summary>Hardware buttons were pressed.</summary>
    /// <param name="Buttons">Which, by what they say.</param>
    /// <param name="Outcome">What came of it.</param>
    /// <param name="Round">The round that it was for, where there is one.</param>
    public sealed record Pressed(IReadOnlyList<Preferred> Buttons, PressOutcome Outcome, Guid? Round) : RoundEvent;

    /// <summary>The board with the buttons and lamps works, or does not.</summary>
    /// <param name="Problem">Why not, and what to do; null where it works.</param>
    public sealed record Board(string? Problem) : RoundEvent;

    /// <summary>This follower has read too slowly, and events were lost to it: what it knows is out of date.</summary>
    /// <param name="Count">How many.</param>
    public sealed record Lagged(int Count) : RoundEvent;
}
