using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Events;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>Tells of progress in order, on the thread that generates.</summary>
/// <param name="events">Receives it; null if nobody else may know of the request.</param>
/// <param name="listener">Receives it too; null for nobody.</param>
/// <param name="profile">The profile of the request.</param>
internal sealed class RoundProgress(EventHub? events, IProgress<SamplingProgress>? listener, string profile) : IProgress<SamplingProgress>
{
    /// <summary>How many tokens were drawn so far.</summary>
    internal int Tokens { get; private set; }

    public void Report(SamplingProgress value)
    {
        Tokens = value.Tokens;
        listener?.Report(value);
        if (events is { Followers: > 0 })
            events.Publish(new RoundEvent.Generating(profile, value));
    }
}
