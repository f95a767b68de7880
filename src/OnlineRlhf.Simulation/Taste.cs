namespace OnlineRlhf.Simulation;

/// <summary>What a simulated person likes: a utility of an answer's text.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Says">The taste in words.</param>
/// <param name="Weights">Weight by property, in log odds.</param>
public sealed record Taste(string Name, string Says, IReadOnlyDictionary<string, double> Weights)
{
    /// <summary>The utility of an answer.</summary>
    public double Utility(string answer) => Weights.Sum(w => w.Value * TextProperties.Value(w.Key, answer, SimulationPlan.Default.Phrases));

    /// <summary>The probability that one answer is preferred to another: σ(u(a) − u(b)).</summary>
    public double Preference(string answer, string against) => 1 / (1 + Math.Exp(Utility(against) - Utility(answer)));
}
