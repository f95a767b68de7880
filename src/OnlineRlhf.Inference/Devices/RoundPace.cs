namespace OnlineRlhf.Inference.Devices;

/// <summary>How fast a model decodes texts of the length that rounds have.</summary>
/// <param name="TokensPerSecond">How many tokens a second all candidates get together, after a prompt.</param>
/// <param name="PromptTokensPerSecond">How many tokens of the prompt the model reads a second.</param>
public readonly record struct RoundPace(double TokensPerSecond, double PromptTokensPerSecond);
