using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;

namespace OnlineRlhf.Rounds;

/// <summary>How rounds are made.</summary>
public sealed record RoundOptions
{
    /// <summary>How candidates are sampled if a request sets nothing.</summary>
    public SamplingOptions Sampling { get; init; } = new();

    /// <summary>The blocks in which an answer is chosen while it is written; null to choose among whole answers.</summary>
    public SteeringOptions? Steering { get; init; }

    /// <summary>η, λ and β. λ = 1 suits ‖φ‖ ≤ 1, but here differences of φ are about twice as long.</summary>
    /// <remarks>
    /// Measured on the demo model's tastes with 20 seeds, after 10, 25 and 50 presses: λ = 1 reaches .66, .79 and .86 of the possible gain. λ = 3
    /// reaches .69, .83 and .88. λ = 6 reaches no more.
    /// </remarks>
    public HyperParameters HyperParameters { get; init; } = new(Regularization: 3);

    /// <summary>k, the weight of the uncertainty when the daemon decides whether asking is useful.</summary>
    /// <remarks>
    /// Measured on simulated bandits, k = 1 asks 37 % less often and costs 19 % more served regret. On the demo model it costs nothing.
    /// </remarks>
    public double Usefulness { get; init; } = 1;

    /// <summary>The most rounds in a row that ask nothing, so that the daemon notices when a taste changes.</summary>
    public int MaxUnaskedInARow { get; init; } = 7;

    /// <summary>When rounds ask if a request does not say.</summary>
    public AskMode Ask { get; init; } = AskMode.Always;

    /// <summary>How long a round waits for feedback.</summary>
    public TimeSpan Lifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long the round of a conversation is kept.</summary>
    public TimeSpan ConversationLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Whether a request that is made to fit loses the oldest turns of a conversation that is too long.</summary>
    public bool TrimConversations { get; init; } = true;

    /// <summary>Whether chat programs teach: by the answers that people keep, and by their wishes about manner.</summary>
    public bool LearnFromConversations { get; init; } = true;

    /// <summary>How many conversations of one profile have a round.</summary>
    public int Conversations { get; init; } = 32;

    /// <summary>
    /// How long a round may take if the request does not set the number and length of answers. A slow device then writes fewer and shorter ones. Null
    /// for no limit.
    /// </summary>
    public TimeSpan? TimeTarget { get; init; }

    /// <summary>
    /// How long it may take until the first word of a steered round if the request does not set the number of answers. A slow device then begins
    /// with fewer and shorter beginnings. Null for no limit.
    /// </summary>
    public TimeSpan? FirstWordTarget { get; init; }

    /// <summary>How many requests may wait for the running one.</summary>
    public int QueueLength { get; init; } = 4;

    /// <summary>How many profiles are held in memory at a time; each takes d²/2 doubles.</summary>
    public int ProfilesInMemory { get; init; } = 4;

    /// <summary>
    /// How many profiles are kept on the disk. Each takes about 12 · d² bytes (two checkpoints and the ring), and without this limit a client could
    /// create any number of them.
    /// </summary>
    public int ProfilesStored { get; init; } = 64;
}
