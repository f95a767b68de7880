namespace OnlineRlhf.Benchmarks.Talk;

/// <summary>How a simulated person teaches.</summary>
/// <param name="Name">For the tables.</param>
/// <param name="Regenerates">In which share of the turns that displease the person asks again.</param>
/// <param name="AtRandom">In which share of the other turns the person asks again all the same.</param>
/// <param name="Keeps">Which of two answers the person goes on with.</param>
/// <param name="Presses">Whether the person presses at every turn instead.</param>
/// <param name="Retries">Whether it is not the person who asks again, but the client program by itself.</param>
internal sealed record Talker(
    string Name,
    double Regenerates,
    double AtRandom = 0,
    Keeps Keeps = Keeps.Better,
    bool Presses = false,
    bool Retries = false
)
{
    internal static Talker[] All { get; } =
    [
        new("presses", 0, Presses: true),
        new("regenerates", 1),
        new("lazy", 0.3),
        new("careless, newest", 0.3, 0.3, Keeps.Newest),
        new("careless, first", 0.3, 0.3, Keeps.First),
        new("client retries", 0.3, 0.3, Keeps.Newest, Retries: true),
    ];
}

/// <summary>Which of two answers a person goes on with.</summary>
internal enum Keeps
{
    /// <summary>The one that the person likes better.</summary>
    Better,

    /// <summary>Always the second one.</summary>
    Newest,

    /// <summary>Always the first one.</summary>
    First,
}
