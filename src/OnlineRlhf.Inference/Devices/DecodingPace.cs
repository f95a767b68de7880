namespace OnlineRlhf.Inference.Devices;

/// <summary>How fast a model decodes on its device, measured by a short decode.</summary>
/// <param name="PerPromptToken">Seconds for each token of the prompt.</param>
/// <param name="PerStep">Seconds for each step, independent of the number of candidates: the time to read the weights.</param>
/// <param name="PerCandidate">Seconds that each candidate adds to a step.</param>
public sealed record DecodingPace(double PerPromptToken, double PerStep, double PerCandidate)
{
    /// <summary>How many seconds a step takes with this number of candidates.</summary>
    public double Step(int candidates) => PerStep + (candidates * PerCandidate);

    /// <summary>How many tokens a second all candidates get together.</summary>
    public double TokensPerSecond(int candidates) => candidates / Step(candidates);
}
