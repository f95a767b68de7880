using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Rounds.Profiles;

namespace OnlineRlhf.Rounds;

/// <summary>What a loop does right now, and what it has counted since it was opened. Each number is read when it is asked for.</summary>
public sealed class LoopStatus
{
    private readonly RoundPipeline _pipeline;
    private readonly RoundRegistry _registry;
    private readonly GenerationQueue _queue;
    private readonly ProfileCache _profiles;
    private readonly FeedbackHandler _feedback;
    private readonly ComparisonHandler _comparisons;

    internal LoopStatus(
        RoundPipeline pipeline,
        RoundRegistry registry,
        GenerationQueue queue,
        ProfileCache profiles,
        FeedbackHandler feedback,
        ComparisonHandler comparisons
    )
    {
        _pipeline = pipeline;
        _registry = registry;
        _queue = queue;
        _profiles = profiles;
        _feedback = feedback;
        _comparisons = comparisons;
    }

    /// <summary>Rounds that wait for feedback.</summary>
    public int OpenRounds => _registry.Open;

    /// <summary>
    /// Whether a request is being answered, from its arrival until its round is open or it has failed: a press counts for nothing meanwhile.
    /// </summary>
    public bool IsWriting => _registry.IsWriting;

    /// <summary>Requests that run or wait.</summary>
    public int QueuedRequests => _queue.Inside;

    /// <summary>How long the request that runs has made no progress: no token, no step of the prompt. Zero where none runs.</summary>
    public TimeSpan TimeSinceProgress => _queue.TimeSinceProgress;

    /// <summary>Profiles in memory.</summary>
    public int OpenProfiles => _profiles.Open;

    /// <summary>How fast the model answers by what was measured last; null where rounds may take any time.</summary>
    public DecodingPace? Pace => _pipeline.Pace;

    /// <summary>What a round on a short request samples now, where the request does not say.</summary>
    public RoundBudget Budget => _pipeline.Budget;

    /// <summary>Comparisons whose answers a client brought; repeats do not count.</summary>
    public long Submitted => _comparisons.Recorded;

    /// <summary>Rounds that got this answer; repeats do not count.</summary>
    public long Answered(Preferred preferred) => _feedback.Answered(preferred);
}
