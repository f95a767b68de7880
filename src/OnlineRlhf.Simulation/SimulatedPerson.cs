using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Simulation;

/// <summary>
/// A person with a hidden taste, who prefers a to b with probability σ(u(a) − u(b)). This is the Bradley–Terry model, so the person is
/// sometimes wrong.
/// </summary>
internal sealed class SimulatedPerson(Taste taste, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>The button that this person presses for a round.</summary>
    internal Preferred Press(Round round)
    {
        ArgumentNullException.ThrowIfNull(round);
        if (round.Second is null)
            return Preferred.Skip;
        return PrefersFirst(round.First.Text, round.Second.Text) ? Preferred.First : Preferred.Second;
    }

    /// <summary>Whether this person prefers the first of two texts this time.</summary>
    internal bool PrefersFirst(string first, string second) => _random.NextDouble() < taste.Preference(first, second);
}
