using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>What a generation begins with.</summary>
/// <param name="Prompt">The conversation.</param>
/// <param name="PromptTokens">How many tokens of it the model reads; 0 if rounds have no time limit.</param>
/// <param name="Sampling">How to sample.</param>
/// <param name="Steering">The blocks; null if answers are chosen whole.</param>
/// <param name="Map">The profile's feature map.</param>
/// <param name="Hints">The style hint of each candidate, null for none.</param>
/// <param name="Progress">Receives the counts after every step.</param>
internal sealed record RoundPlan(
    TokenizedPrompt Prompt,
    int PromptTokens,
    SamplingOptions Sampling,
    SteeringOptions? Steering,
    FeatureMap Map,
    string?[] Hints,
    RoundProgress Progress
);
