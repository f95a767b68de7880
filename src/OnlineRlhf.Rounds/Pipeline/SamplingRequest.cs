using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>Combines a request with the settings: the settings fill in what the request leaves open.</summary>
internal static class SamplingRequest
{
    /// <summary>Combines a request and the settings.</summary>
    /// <exception cref="RoundException">The request asks for more than the model has memory for, or for invalid sampling options.</exception>
    internal static (RoundRequest Request, SamplingOptions Sampling) Resolve(RoundRequest request, SamplingOptions settings, LanguageModel model)
    {
        // At temperature 0 the model gives the same answer each time, so there is nothing to choose or to ask.
        if (request.Temperature is >= 0 and < SamplingOptions.LeastTemperature)
            request = request with { Temperature = 0, Candidates = 1 };
        if (request.IsPlain)
            request = request with { Ask = AskMode.Never, Candidates = 1 };
        if (request is { IsFitted: true, MaxTokens: { } tokens })
            request = request with { MaxTokens = Math.Min(tokens, model.MaxAnswerTokens) };
        SamplingOptions sampling = settings with
        {
            Candidates = request.Candidates ?? settings.Candidates,
            MaxTokens = request.MaxTokens ?? settings.MaxTokens,
            Temperature = request.Temperature ?? settings.Temperature,
            TopP = request.TopP ?? settings.TopP,
            PresencePenalty = request.PresencePenalty,
            FrequencyPenalty = request.FrequencyPenalty,
            Stop = request.Stop,
            Seed = request.Seed ?? (uint)Random.Shared.NextInt64(1L << 32),
        };
        try
        {
            sampling.Validate();
        }
        catch (ArgumentException e)
        {
            throw new RoundException(RoundError.BadRequest, e.Message);
        }
        RequireAtMost("candidates", sampling.Candidates, model.MaxCandidates);
        RequireAtMost("max_tokens", sampling.MaxTokens, model.MaxAnswerTokens);
        return (request, sampling);
    }

    private static void RequireAtMost(string setting, int wanted, int most)
    {
        if (wanted > most)
            throw new RoundException(RoundError.BadRequest, $"{setting} must be 1 to {most}, as the {setting} setting says, not {wanted}");
    }
}
