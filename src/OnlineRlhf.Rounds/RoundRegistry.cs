using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Rounds;

/// <summary>
/// The rounds that wait for feedback, the requests that become rounds, and what became of the last rounds. In memory only, bounded.
/// One lock holds them all: a request is being answered until the moment in which its round is open, and no press falls between the two.
/// </summary>
internal sealed class RoundRegistry(TimeProvider clock, EventHub events) : IDisposable
{
    private const int Remembered = 1024;
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

    /// <summary>Rounds that wait.</summary>
    internal int Open
    {
        get
        {
            lock (_gate)
                return _open.Count;
        }
    }

    /// <summary>Notes that a request has come: until <see cref="Add"/> or <see cref="Abandon"/> it is being answered.</summary>
    internal void Begin(string profile)
    {
        lock (_gate)
        {
            _writing++;
            events.Publish(new RoundEvent.Generating(profile, new SamplingProgress(0, 0, 0)));
        }
    }

    /// <summary>Opens the round that a request has become; an older one on the same profile ends.</summary>
    internal void Add(Round round)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            // The time that was agreed on, not the time until a date: the date jumps on a board without a battery.
            ITimer timer = clock.CreateTimer(_ => Expire(round), null, round.ExpiresAt - round.CreatedAt, Timeout.InfiniteTimeSpan);
            foreach (Entry older in _open.Values.Where(e => e.Round.Profile == round.Profile).ToArray())
                Close(older.Round, new Closing(RoundError.Superseded));
            EndWriting();
            _open.Add(round.Id, new Entry(round, timer, ++_opened, _written));
            CheckPress(_written);
            // Told before the lock is given up: nobody can close it before it was told.
            events.Publish(new RoundEvent.Opened(round));
        }
    }

    /// <summary>Notes that a request has ended without a round.</summary>
    internal void Abandon(string profile, bool failed)
    {
        lock (_gate)
        {
            EndWriting();
            events.Publish(new RoundEvent.Abandoned(profile, failed));
        }
    }

    /// <summary>
    /// What a press is for: the newest round that asks, where it was that when the finger came, and no request has been answered since. Else why it
    /// is for nothing.
    /// </summary>
    /// <param name="began">When the finger came: a timestamp of the clock.</param>
    internal (Round? Shown, PressOutcome? Refusal) ForPress(long began)
    {
        lock (_gate)
        {
            PressOutcome? refusal =
                _writing > 0 ? PressOutcome.Generating
                : _shown is null ? PressOutcome.NoRound
                : began < _shown.Opened ? PressOutcome.TooEarly
                // The pair that was shown to the finger has ended; this one stood behind it.
                : began < _shownSince ? PressOutcome.Refused
                // Something was being written under the finger, and has ended without a pair.
                : began < _written ? PressOutcome.Generating
                : null;
            return (_shown?.Round, refusal);
        }
    }

    /// <summary>An open round.</summary>
    internal Round? Find(Guid id)
    {
        lock (_gate)
            return _open.GetValueOrDefault(id)?.Round;
    }

    /// <summary>The open round of a profile, or the newest of any profile that asks.</summary>
    internal Round? Current(string? profile)
    {
        lock (_gate)
        {
            return profile is null ? _shown?.Round : _open.Values.FirstOrDefault(e => e.Round.Profile == profile)?.Round;
        }
    }

    /// <summary>How a round ended, as long as it is remembered.</summary>
    internal Closing? HowItEnded(Guid id)
    {
        lock (_gate)
            return _closed.GetValueOrDefault(id);
    }

    /// <summary>Ends a round by its feedback.</summary>
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

    /// <summary>Finds the newest round that asks, after a change.</summary>
    private void CheckPress(long now)
    {
        Entry? newest = _open.Values.Where(e => e.Round.Asked).MaxBy(e => e.Number);
        if (ReferenceEquals(newest, _shown))
            return;
        (_shown, _shownSince) = (newest, now);
    }

    private void EndWriting()
    {
        _written = clock.GetTimestamp();
        _writing--;
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
        // An answer counts even where the round expired or was superseded while it was made durable; that it is closed was told already.
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
        internal string Reason =>
            Error switch
            {
                RoundError.Expired => "expired",
                RoundError.Superseded => "superseded",
                null => Preferred == Preferred.Skip ? "skipped" : "feedback",
                { } other => throw new InvalidOperationException($"No round ends with {other}."),
            };
    }

    // Numbered as they are opened: the clock of a board without a battery jumps.
    private sealed record Entry(Round Round, ITimer Timer, long Number, long Opened);
}
