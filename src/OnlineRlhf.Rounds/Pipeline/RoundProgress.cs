using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>Publishes progress in order, on the thread that generates.</summary>
internal sealed class RoundProgress(EventHub events, string profile) : IProgress<SamplingProgress>
{
    /// <summary>How many tokens were drawn so far.</summary>
    internal int Tokens { get; private set; }

    public void Report(SamplingProgress value)
    {
        Tokens = value.Tokens;
        if (events.Followers > 0)
            events.Publish(new RoundEvent.Generating(profile, value));
    }
}
