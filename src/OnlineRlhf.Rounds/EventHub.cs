using System.Collections.Concurrent;
using System.Threading.Channels;

namespace OnlineRlhf.Rounds;

/// <summary>Hands events to whoever follows. A follower that does not keep up holds nobody up, and is told when events were lost to it.</summary>
public sealed class EventHub
{
    private readonly ConcurrentDictionary<PendingEvents, byte> _followers = new();

    /// <summary>How many follow.</summary>
    public int Followers => _followers.Count;

    /// <summary>Starts to follow at once; reading ends when the token is cancelled.</summary>
    public Subscription Follow()
    {
        var pending = new PendingEvents();
        _followers.TryAdd(pending, 0);
        return new Subscription(pending, () => _followers.TryRemove(pending, out _));
    }

    /// <summary>Tells every follower.</summary>
    public void Publish(RoundEvent happened)
    {
        foreach (PendingEvents follower in _followers.Keys)
            follower.Add(happened);
    }

    /// <summary>One follower's place; disposing it stops following.</summary>
    public sealed class Subscription(ChannelReader<RoundEvent> events, Action leave) : IDisposable
    {
        /// <summary>The events, oldest first.</summary>
        public ChannelReader<RoundEvent> Events { get; } = events;

        /// <summary>Stops following.</summary>
        public void Dispose() => leave();
    }
}
