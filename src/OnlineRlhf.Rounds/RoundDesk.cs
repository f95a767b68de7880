namespace OnlineRlhf.Rounds;

/// <summary>The rounds that wait for feedback, and what became of the last ones. In memory only, bounded.</summary>
internal sealed class RoundDesk(TimeProvider clock, EventHub events) : IDisposable
{
    private const int Remembered = 1024;
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Entry> _open = [];
    private readonly Dictionary<Guid, Closing> _closed = [];
    private readonly Queue<Guid> _order = new();
    private long _opened;

    /// <summary>Rounds that wait.</summary>
    internal int Open
    {
        get
        {
            lock (_gate)
                return _open.Count;
        }
    }

    /// <summary>Opens a round; an older one on the same profile ends.</summary>
    internal void Add(Round round)
    {
        lock (_gate)
        {
            foreach (Entry older in _open.Values.Where(e => e.Round.Profile == round.Profile).ToArray())
                Close(older.Round, new Closing(RoundError.Superseded));
            ITimer timer = clock.CreateTimer(_ => Expire(round), null, round.ExpiresAt - round.CreatedAt, Timeout.InfiniteTimeSpan);
            _open.Add(round.Id, new Entry(round, timer, ++_opened));
        }
        events.Publish(new RoundEvent.Opened(round));
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
            return profile is null
                ? _open.Values.Where(e => e.Round.Asked).MaxBy(e => e.Number)?.Round
                : _open.Values.FirstOrDefault(e => e.Round.Profile == profile)?.Round;
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
            foreach (Entry entry in _open.Values)
                entry.Timer.Dispose();
            _open.Clear();
        }
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
        bool wasOpen = _open.Remove(round.Id, out Entry? entry);
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
        internal string Reason => Error switch
        {
            RoundError.Expired => "expired",
            RoundError.Superseded => "superseded",
            _ => Preferred == Preferred.Skip ? "skipped" : "feedback",
        };
    }

    // Numbered as they are opened: the clock of a board without a battery jumps.
    private sealed record Entry(Round Round, ITimer Timer, long Number);
}
