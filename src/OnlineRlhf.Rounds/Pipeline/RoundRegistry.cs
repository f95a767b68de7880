using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Conversations;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>
/// The rounds that wait for feedback, the requests that become rounds, and how the last rounds ended. All in memory and bounded. One lock guards all
/// of them. So a request counts as being answered until its round is open, and no press falls between the two.
/// </summary>
internal sealed class RoundRegistry(TimeProvider clock, EventHub events, int conversations = int.MaxValue) : IDisposable
{
    // A client may name any number of profiles, and each has rounds of its own.
    private const int MostOpen = 1024,
        Remembered = 1024;
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Entry> _open = [];
    private readonly Dictionary<Guid, Closing> _closed = [];
    private readonly Queue<Guid> _order = new();
    private long _opened;
    private int _writing;
    private long _written = long.MinValue,
        _shownSince = long.MinValue;
    private Entry? _shown;
    private bool _disposed;

    /// <summary>Whether a request is being answered.</summary>
    internal bool IsWriting
    {
        get
        {
            lock (_gate)
                return _writing > 0;
        }
    }

    /// <summary>How many rounds wait for feedback.</summary>
    internal int Open
    {
        get
        {
            lock (_gate)
                return _open.Count;
        }
    }

    /// <summary>Notes that a request has arrived. It is being answered until <see cref="Add"/> or <see cref="Abandon"/>.</summary>
    /// <param name="profile">The profile of the request.</param>
    /// <param name="mayBeShown">Whether people may see the round on a display with buttons. Other requests let presses count.</param>
    internal void Begin(string profile, bool mayBeShown)
    {
        lock (_gate)
        {
            _writing += mayBeShown ? 1 : 0;
            events.Publish(new RoundEvent.Generating(profile, new SamplingProgress(0, 0, 0)));
        }
    }

    /// <summary>
    /// Opens the round of a request, and closes an older round of the same profile or conversation. If the profile has too many conversations, the
    /// oldest one's round is closed.
    /// </summary>
    /// <param name="round">The round.</param>
    /// <param name="turns">The turns of its conversation; null if it belongs to none.</param>
    /// <param name="answered">The turn before, if it was recognised by its answer.</param>
    internal void Add(Round round, ConversationTurns? turns, Exchange? answered)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            // Time the lifetime, not the date of expiry: on a board without a battery the date jumps.
            ITimer timer = clock.CreateTimer(_ => Expire(round), null, round.ExpiresAt - round.CreatedAt, Timeout.InfiniteTimeSpan);
            foreach (Entry older in _open.Values.Where(e => IsSuperseded(e.Round)).ToArray())
                Close(older.Round, new Closing(RoundError.Superseded));
            Entry[] beside = [.. _open.Values.Where(e => e.Round is { Scope: RoundScope.Conversation } o && o.Profile == round.Profile)];
            if (round.Scope == RoundScope.Conversation && beside.Length >= conversations)
                Close(beside.OrderBy(e => e.Round.Asked).ThenBy(e => e.Number).First().Round, new Closing(RoundError.Superseded));
            if (_open.Count >= MostOpen)
                Close(_open.Values.MinBy(e => e.Number)!.Round, new Closing(RoundError.Superseded));
            long now = EndWriting(round.MayBeShown);
            _open.Add(round.Id, new Entry(round, timer, ++_opened, now));
            CheckPress(now);
            // Publish inside the lock, so that followers learn of the round before anyone can close it.
            events.Publish(new RoundEvent.Opened(round));
        }

        bool IsSuperseded(Round older) =>
            older.Profile == round.Profile
            && older.Scope == round.Scope
            && (turns is null || (older.Turn is { } turn && (turns.Hold(turn) || (answered is not null && older.Exchange == answered))));
    }

    /// <summary>The newest open round of which something holds.</summary>
    internal Round? Newest(Func<Round, bool> holds)
    {
        lock (_gate)
            return NewestEntry(holds)?.Round;
    }

    /// <summary>What is remembered of the open conversations of one sender, the newest first.</summary>
    internal Exchange[] Exchanges(Guid source)
    {
        lock (_gate)
            return [.. _open.Values.OrderByDescending(e => e.Number).Select(e => e.Round.Exchange).OfType<Exchange>().Where(e => e.Source == source)];
    }

    /// <summary>Notes that a request ended without a round.</summary>
    internal void Abandon(string profile, bool mayBeShown, bool failed)
    {
        lock (_gate)
        {
            EndWriting(mayBeShown);
            events.Publish(new RoundEvent.Abandoned(profile, failed));
        }
    }

    /// <summary>
    /// Finds the round that a press answers: the newest round that asks. It must have been the newest when the press began, and no request may have
    /// been answered since. Otherwise returns why the press does not count.
    /// </summary>
    /// <param name="began">When the press began: a timestamp of the clock.</param>
    /// <param name="profile">The only profile whose round it may answer; null for any.</param>
    internal (Round? Shown, PressOutcome? Refusal) ForPress(long began, string? profile)
    {
        lock (_gate)
        {
            Entry? shown = profile is null ? _shown : NewestEntry(r => r.Asked && r.Profile == profile);
            PressOutcome? refusal =
                _writing > 0 ? PressOutcome.Generating
                : shown is null ? PressOutcome.NoRound
                : began < shown.Opened ? PressOutcome.TooEarly
                // When the press began, another pair was shown. It has ended, and this older pair came back.
                : profile is null && began < _shownSince ? PressOutcome.Refused
                // When the press began, a request was being answered. It ended without a pair.
                : began < _written ? PressOutcome.Generating
                : null;
            return (shown?.Round, refusal);
        }
    }

    /// <summary>Finds an open round.</summary>
    internal Round? Find(Guid id)
    {
        lock (_gate)
            return _open.GetValueOrDefault(id)?.Round;
    }

    /// <summary>Finds the newest round of a profile that is on display, or the newest round of any profile that asks.</summary>
    internal Round? Current(string? profile)
    {
        lock (_gate)
        {
            return (profile is null ? _shown : NewestEntry(r => r.Profile == profile && (r.Asked || r.Scope == RoundScope.Profile)))?.Round;
        }
    }

    /// <summary>How a round ended, if the registry still remembers it.</summary>
    internal Closing? HowItEnded(Guid id)
    {
        lock (_gate)
            return _closed.GetValueOrDefault(id);
    }

    /// <summary>Closes a round that got its feedback.</summary>
    internal void Answer(Round round, Preferred preferred, FeedbackResult result)
    {
        lock (_gate)
            Close(round, new Closing(null, preferred, result));
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (Entry entry in _open.Values)
                entry.Timer.Dispose();
            _open.Clear();
            _shown = null;
        }
    }

    private Entry? NewestEntry(Func<Round, bool> holds) => _open.Values.Where(e => holds(e.Round)).MaxBy(e => e.Number);

    /// <summary>Updates the newest round that asks, after a change.</summary>
    private void CheckPress(long now)
    {
        Entry? newest = NewestEntry(r => r.Asked);
        if (ReferenceEquals(newest, _shown))
            return;
        (_shown, _shownSince) = (newest, now);
    }

    private long EndWriting(bool mayBeShown)
    {
        long now = clock.GetTimestamp();
        if (mayBeShown)
        {
            _written = now;
            _writing--;
        }
        return now;
    }

    private void Expire(Round round)
    {
        lock (_gate)
        {
            if (_open.ContainsKey(round.Id))
                Close(round, new Closing(RoundError.Expired));
        }
    }

    private void Close(Round round, Closing how)
    {
        // An answer counts even if the round expired or was superseded while it was made durable. Then the Closed event was published already.
        long now = clock.GetTimestamp();
        bool wasOpen = _open.Remove(round.Id, out Entry? entry);
        CheckPress(now);
        entry?.Timer.Dispose();
        if (!_closed.ContainsKey(round.Id))
            _order.Enqueue(round.Id);
        _closed[round.Id] = how;
        while (_order.Count > Remembered)
            _closed.Remove(_order.Dequeue());
        if (wasOpen)
            events.Publish(new RoundEvent.Closed(round.Id, round.Profile, how.Reason));
    }

    /// <summary>How a round ended: by an error (expired, superseded) or by feedback with its result.</summary>
    internal sealed record Closing(RoundError? Error, Preferred Preferred = Preferred.Skip, FeedbackResult? Result = null)
    {
        internal CloseReason Reason =>
            Error switch
            {
                RoundError.Expired => CloseReason.Expired,
                RoundError.Superseded => CloseReason.Superseded,
                null => Preferred == Preferred.Skip ? CloseReason.Skipped : CloseReason.Feedback,
                { } other => throw new InvalidOperationException($"No round ends with {other}."),
            };
    }

    // Rounds are numbered in order of opening, because the clock of a board without a battery jumps.
    private sealed record Entry(Round Round, ITimer Timer, long Number, long Opened);
}
