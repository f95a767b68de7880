using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Rounds.Conversations;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Rounds.Pipeline;
using OnlineRlhf.Rounds.Profiles;

namespace OnlineRlhf.Rounds;

/// <summary>What a loop does now, and what it has counted since it was opened. Each property reads the current number.</summary>
public sealed class LoopStatus
{
    private readonly RoundPlanner _planner;
    private readonly RoundRegistry _registry;
    private readonly GenerationQueue _queue;
    private readonly ProfileCache _profiles;
    private readonly FeedbackHandler _feedback;
    private readonly ComparisonHandler _comparisons;
    private readonly TalkLearner _talk;

    internal LoopStatus(
        RoundPlanner planner,
        RoundRegistry registry,
        GenerationQueue queue,
        ProfileCache profiles,
        FeedbackHandler feedback,
        ComparisonHandler comparisons,
        TalkLearner talk
    )
    {
        _planner = planner;
        _registry = registry;
        _queue = queue;
        _profiles = profiles;
        _feedback = feedback;
        _comparisons = comparisons;
        _talk = talk;
    }

    /// <summary>Rounds that wait for feedback.</summary>
    public int OpenRounds => _registry.Open;

    /// <summary>
    /// Whether a request is being answered: from its arrival until its round opens or the request fails. During this time presses do not count.
    /// </summary>
    public bool IsWriting => _registry.IsWriting;

    /// <summary>How many requests run or wait.</summary>
    public int QueuedRequests => _queue.Inside;

    /// <summary>How long ago the running request last made progress, such as a token or a step of the prompt. Zero if none runs.</summary>
    public TimeSpan TimeSinceProgress => _queue.TimeSinceProgress;

    /// <summary>How many profiles are in memory.</summary>
    public int OpenProfiles => _profiles.Open;

    /// <summary>How fast the model answers, according to the last measurement; null if rounds have no time limit.</summary>
    public DecodingPace? Pace => _planner.Pace;

    /// <summary>What a round on a short request samples now, if the request sets no limits.</summary>
    public RoundBudget Budget => _planner.Budget;

    /// <summary>
    /// How long it takes until the first word of such a round; null if answers are chosen whole, or if rounds have no time limit.
    /// </summary>
    public TimeSpan? FirstWord => _planner.FirstWord;

    /// <summary>How many comparisons that clients submitted were recorded; repeats do not count.</summary>
    public long Submitted => _comparisons.Recorded;

    /// <summary>How many comparisons were recorded because a person kept one of two answers of a conversation.</summary>
    public long Kept => _talk.Kept;

    /// <summary>How many wishes about the manner of an answer were recorded.</summary>
    public long Words => _talk.Words;

    /// <summary>How many comparisons of conversations were held back, until the person goes back to a first answer.</summary>
    public long HeldBack => _talk.HeldBack;

    /// <summary>How many comparisons of conversations were lost, because the disk failed or had no room.</summary>
    public long TalkLost => _talk.Lost;

    /// <summary>How many rounds got this answer; repeats do not count.</summary>
    public long Answered(Preferred preferred) => _feedback.Answered(preferred);
}
