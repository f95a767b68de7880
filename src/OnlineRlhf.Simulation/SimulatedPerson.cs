using OnlineRlhf.Rounds;

namespace OnlineRlhf.Simulation;

/// <summary>Somebody with a hidden taste, who prefers a to b with probability σ(u(a) − u(b)): Bradley–Terry, so wrong now and then.</summary>
internal sealed class SimulatedPerson(Taste taste, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>The button that this person presses.</summary>
    internal Preferred Press(Round round)
    {
        ArgumentNullException.ThrowIfNull(round);
        if (round.Second is null)
            return Preferred.Skip;
        return PrefersFirst(round.First.Text, round.Second.Text) ? Preferred.First : Preferred.Second;
    }

    /// <summary>Whether this person prefers the first of two texts, this time.</summary>
    internal bool PrefersFirst(string first, string second) => _random.NextDouble() < taste.Preference(first, second);
}
