using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace OnlineRlhf.Rounds.Events;

/// <summary>
/// The events that one follower has not read yet. Only the newest progress event of each profile is kept, so that progress does not displace other
/// events. If the list is full even so, all its events are dropped, and a <see cref="RoundEvent.Lagged"/> event reports this. After it, the list is
/// complete again.
/// </summary>
internal sealed class PendingEvents : ChannelReader<RoundEvent>
{
    private const int Most = 256;
    private readonly Lock _gate = new();
    private readonly List<RoundEvent> _events = [];
    private readonly Channel<bool> _arrived = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }
    );
    private int _lost;

    /// <summary>Adds an event at the end.</summary>
    internal void Add(RoundEvent happened)
    {
        lock (_gate)
        {
            if (happened is RoundEvent.Generating progress)
                _events.RemoveAll(e => e is RoundEvent.Generating older && older.Profile == progress.Profile);
            // A later text contains the earlier ones.
            if (happened is RoundEvent.Writing writing)
                _events.RemoveAll(e => e is RoundEvent.Writing older && older.Profile == writing.Profile);
            if (_events.Count == Most)
            {
                _lost += _events.Count;
                _events.Clear();
            }
            _events.Add(happened);
        }
        _arrived.Writer.TryWrite(true);
    }

    public override bool TryRead([MaybeNullWhen(false)] out RoundEvent item)
    {
        lock (_gate)
        {
            if (_lost > 0)
            {
                item = new RoundEvent.Lagged(_lost);
                _lost = 0;
                return true;
            }
            item = _events.Count > 0 ? _events[0] : null;
            if (item is null)
                return false;
            _events.RemoveAt(0);
            return true;
        }
    }

    public override async ValueTask<bool> WaitToReadAsync(CancellationToken cancellationToken = default)
    {
        while (!HasAny())
            await _arrived.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        return true;
    }

    private bool HasAny()
    {
        lock (_gate)
            return _lost > 0 || _events.Count > 0;
    }
}
