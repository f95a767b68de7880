namespace OnlineRlhf.Simulation;

/// <summary>What a simulated person likes, as a utility of an answer's text.</summary>
/// <param name="Name">The name of the taste.</param>
/// <param name="Description">The taste in words.</param>
/// <param name="Weights">The weight of each property, in log odds.</param>
public sealed record Taste(string Name, string Description, IReadOnlyDictionary<string, double> Weights)
{
    /// <summary>The utility of an answer.</summary>
    public double Utility(string answer) => Weights.Sum(w => w.Value * TextProperties.Value(w.Key, answer, SimulationPlan.Default.Phrases));

    /// <summary>The probability that the person prefers one answer to another: σ(u(a) − u(b)).</summary>
    public double Preference(string answer, string against) => 1 / (1 + Math.Exp(Utility(against) - Utility(answer)));
}
