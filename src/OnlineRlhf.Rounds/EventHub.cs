using System.Collections.Concurrent;
using System.Threading.Channels;

namespace OnlineRlhf.Rounds;

/// <summary>Hands events to whoever follows. A follower that does not keep up loses the oldest ones, and holds nobody up.</summary>
public sealed class EventHub
{
    private const int Backlog = 256;
    private readonly ConcurrentDictionary<Channel<RoundEvent>, byte> _followers = new();

    /// <summary>How many follow.</summary>
    public int Followers => _followers.Count;

    /// <summary>Starts to follow at once; reading ends when the token is cancelled.</summary>
    public Subscription Follow()
    {
        var channel = Channel.CreateBounded<RoundEvent>(new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest });
        _followers.TryAdd(channel, 0);
        return new Subscription(channel.Reader, () => _followers.TryRemove(channel, out _));
    }

    /// <summary>Tells every follower.</summary>
    public void Publish(RoundEvent happened)
    {
        foreach (Channel<RoundEvent> follower in _followers.Keys)
            follower.Writer.TryWrite(happened);
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
