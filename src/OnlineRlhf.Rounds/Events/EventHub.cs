using System.Collections.Concurrent;
using System.Threading.Channels;

namespace OnlineRlhf.Rounds.Events;

/// <summary>Passes events to all followers. A follower that reads too slowly delays nobody, and learns that it missed events.</summary>
public sealed class EventHub
{
    private readonly ConcurrentDictionary<PendingEvents, byte> _followers = new();

    /// <summary>How many followers there are.</summary>
    public int Followers => _followers.Count;

    /// <summary>Starts to follow immediately.</summary>
    public Subscription Follow()
    {
        var pending = new PendingEvents();
        _followers.TryAdd(pending, 0);
        return new Subscription(pending, () => _followers.TryRemove(pending, out _));
    }

    /// <summary>Sends an event to every follower.</summary>
    public void Publish(RoundEvent happened)
    {
        foreach (PendingEvents follower in _followers.Keys)
            follower.Add(happened);
    }

    /// <summary>One follower. Disposing it stops following.</summary>
    public sealed class Subscription(ChannelReader<RoundEvent> events, Action leave) : IDisposable
    {
        /// <summary>The events, oldest first.</summary>
        public ChannelReader<RoundEvent> Events { get; } = events;

        /// <summary>Stops following.</summary>
        public void Dispose() => leave();
    }
}
