using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Rounds;

/// <summary>How the answers to one request are sampled: what the request says, and the settings where it says nothing.</summary>
internal static class SamplingRequest
{
    // Below it the likeliest token is as good as certain, and dividing by it overflows in the end.
    private const float LeastTemperature = 1e-3f;

    /// <summary>Joins a request and the settings.</summary>
    /// <exception cref="RoundException">The request asks for more than the model has memory for, or for what nobody can sample.</exception>
    internal static (RoundRequest Request, SamplingOptions Sampling) Resolve(RoundRequest request, SamplingOptions settings, LanguageModel model)
    {
        // At temperature 0 the model has one answer, the same each time: nothing is chosen, and nothing asked.
        if (request.Temperature is >= 0 and < LeastTemperature)
            request = request with { Temperature = 0, Candidates = 1 };
        SamplingOptions sampling = settings with
        {
            Candidates = request.Candidates ?? settings.Candidates,
            MaxTokens = request.MaxTokens ?? settings.MaxTokens,
            Temperature = request.Temperature ?? settings.Temperature,
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
