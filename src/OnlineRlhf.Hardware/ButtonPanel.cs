namespace OnlineRlhf.Hardware;

/// <summary>
/// Turns contacts into presses. A contact counts once it has stayed closed for the debounce time. Its press counts if no other one comes in the
/// moment after it. A contact that was closed from the start counts only after it was open.
/// </summary>
internal sealed class ButtonPanel : IDisposable
{
    /// <summary>For so many debounce times a press waits for others: fingers that press together come within a few hundredths of a second.</summary>
    private const int Window = 3;

    private readonly TimeProvider _clock;
    private readonly TimeSpan _debounce;
    private readonly Action<BoardEvent> _happened;
    private readonly Lock _gate = new();
    private readonly Dictionary<Button, Contact> _contacts;
    private readonly Deadline _decision;
    private readonly List<Button> _pending = [];
    private long _began;
    private bool _unclear;
    private bool _disposed;

    /// <param name="closed">Each button, and whether its contact is closed now.</param>
    /// <param name="debounce">How long a contact must stay as it is.</param>
    /// <param name="clock">The clock that all times are measured with.</param>
    /// <param name="happened">The panel calls it with every press, one after another.</param>
    internal ButtonPanel(IReadOnlyDictionary<Button, bool> closed, TimeSpan debounce, TimeProvider clock, Action<BoardEvent> happened)
    {
        (_clock, _debounce, _happened) = (clock, debounce, happened);
        _decision = new Deadline(clock, Decide);
        _contacts = closed.ToDictionary(c => c.Key, c => new Contact(c.Value, new Deadline(clock, () => Settle(c.Key))));
        foreach (Button held in closed.Where(c => c.Value).Select(c => c.Key))
            happened(new BoardEvent.Held(held));
    }

    /// <summary>Takes the state of a line. The same state again changes nothing.</summary>
    /// <param name="button">Which.</param>
    /// <param name="closed">What its line says.</param>
    /// <param name="since">The earliest time of the change, where it was found without an edge; null where it came just now.</param>
    internal void Contacted(Button button, bool closed, long? since = null)
    {
        lock (_gate)
        {
            Contact contact = _contacts[button];
            if (_disposed || contact.Closed == closed)
                return;
            contact.Closed = closed;
            // The finger came with the first edge of a press. The edges after it are bounces.
            if (closed && !contact.Settled && contact.Began is null)
                contact.Began = since ?? _clock.GetTimestamp();
            contact.Quiet.Set(_debounce);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _decision.Dispose();
            foreach (Contact contact in _contacts.Values)
                contact.Quiet.Dispose();
        }
    }

    private void Settle(Button button)
    {
        lock (_gate)
        {
            Contact contact = _contacts[button];
            if (_disposed || !contact.Quiet.IsOver())
                return;
            long? began = contact.Began;
            contact.Began = null;
            if (contact.Settled == contact.Closed)
                return;
            contact.Settled = contact.Closed;
            if (!contact.Settled)
            {
                contact.Stuck = false;
                return;
            }
            bool others = _contacts.Any(c => c.Key != button && c.Value is { Settled: true, Stuck: false });
            if (_pending.Count == 0)
                _began = began ?? _clock.GetTimestamp();
            _unclear |= others || _pending.Count > 0;
            if (others && _pending.Count == 0)
                _pending.AddRange(_contacts.Where(c => c.Key != button && c.Value is { Settled: true, Stuck: false }).Select(c => c.Key));
            _pending.Add(button);
            _decision.Set(Window * _debounce);
        }
    }

    private void Decide()
    {
        lock (_gate)
        {
            if (_disposed || _pending.Count == 0 || !_decision.IsOver())
                return;
            // Another contact has closed and not settled yet: it may belong to this press.
            if (_contacts.Any(c => c.Value.Began is not null))
            {
                _decision.Set(_debounce);
                return;
            }
            BoardEvent happened = _unclear ? new BoardEvent.Unclear([.. _pending.Distinct().Order()]) : new BoardEvent.Pressed(_pending[0], _began);
            _pending.Clear();
            _unclear = false;
            _happened(happened);
        }
    }

    private sealed class Contact(bool closed, Deadline quiet)
    {
        /// <summary>The last state of the line.</summary>
        internal bool Closed { get; set; } = closed;

        /// <summary>The last state that the line kept for long enough.</summary>
        internal bool Settled { get; set; } = closed;

        /// <summary>Closed since the start, as by a resting finger or a short circuit. It must not keep other buttons from working.</summary>
        internal bool Stuck { get; set; } = closed;

        /// <summary>When the press began that has not settled yet.</summary>
        internal long? Began { get; set; }

        /// <summary>When the line has said the same for long enough.</summary>
        internal Deadline Quiet { get; } = quiet;
    }
}
