namespace OnlineRlhf.Inference.Devices;

/// <summary>How fast a model decodes on its device, as a short decode showed.</summary>
/// <param name="PerPromptToken">Seconds for a token of the prompt.</param>
/// <param name="PerStep">Seconds for a step, whatever the number of candidates: reading the weights.</param>
/// <param name="PerCandidate">Seconds that each candidate adds to a step.</param>
public sealed record DecodingPace(double PerPromptToken, double PerStep, double PerCandidate)
{
    /// <summary>Seconds of a step of so many candidates.</summary>
    public double Step(int candidates) => PerStep + (candidates * PerCandidate);

    /// <summary>Tokens a second of all candidates together.</summary>
    public double TokensPerSecond(int candidates) => candidates / Step(candidates);
}
