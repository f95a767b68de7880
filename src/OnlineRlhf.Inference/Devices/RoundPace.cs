namespace OnlineRlhf.Inference.Devices;

/// <summary>How fast a model decodes at the length that rounds have.</summary>
/// <param name="TokensPerSecond">Tokens a second of all candidates together, behind a prompt.</param>
/// <param name="PromptTokensPerSecond">Tokens of the prompt a second.</param>
public readonly record struct RoundPace(double TokensPerSecond, double PromptTokensPerSecond);
