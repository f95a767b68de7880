namespace OnlineRlhf.Rounds.Simulation;

/// <summary>Somebody with a hidden taste, who prefers a to b with probability σ(u(a) − u(b)): Bradley–Terry, so wrong now and then.</summary>
public sealed class SimulatedPerson(Taste taste, int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>The button that this person presses.</summary>
    public Preferred Press(Round round)
    {
        ArgumentNullException.ThrowIfNull(round);
        if (round.Second is null)
            return Preferred.Skip;
        double difference = taste.Utility(round.First.Text) - taste.Utility(round.Second.Text);
        return _random.NextDouble() < 1 / (1 + Math.Exp(-difference)) ? Preferred.First : Preferred.Second;
    }
}
