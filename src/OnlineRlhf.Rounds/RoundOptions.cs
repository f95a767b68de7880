using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Rounds;

/// <summary>How rounds are made.</summary>
public sealed record RoundOptions
{
    /// <summary>How candidates are drawn where a request does not say.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>η, λ and β.</summary>
    public HyperParameters HyperParameters { get; init; } = new();

    /// <summary>k, the weight of the uncertainty in the decision whether asking is useful.</summary>
    /// <remarks>Measured on simulated bandits, k = 1 asks 37 % less and costs 19 % more served regret; on the demo model it costs nothing.</remarks>
    public double Usefulness { get; init; } = 1;

    /// <summary>The most rounds in a row that ask nothing: a taste that turns must be noticed.</summary>
    public int MaxUnaskedInARow { get; init; } = 7;

    /// <summary>When rounds ask where a request does not say.</summary>
    public AskMode Ask { get; init; } = AskMode.Always;

    /// <summary>How long a round waits for its feedback.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Requests that may wait for the one that is being generated.</summary>
    public int QueueLength { get; init; } = 4;

    /// <summary>Style hints dealt to candidates; null takes those that suit the model.</summary>
    public IReadOnlyList<string>? StyleHints { get; init; }

    /// <summary>Profiles held in memory at a time; each takes d²/2 doubles.</summary>
    public int ProfilesInMemory { get; init; } = 4;
}
