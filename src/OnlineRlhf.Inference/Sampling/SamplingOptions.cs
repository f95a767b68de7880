namespace OnlineRlhf.Inference.Sampling;

/// <summary>How candidate answers are sampled. The samplers run in this order: top-k, penalties, top-p, min-p, temperature.</summary>
public sealed record SamplingOptions
{
    /// <summary>The most tokens of one answer that may be requested.</summary>
    public const int MostTokens = 4096;

    /// <summary>The highest temperature.</summary>
    public const int MaxTemperature = 5;

    /// <summary>Below this the likeliest token is practically certain, and dividing by the temperature finally overflows. It counts as 0.</summary>
    public const float LeastTemperature = 1e-3f;

    /// <summary>The most candidates of one request.</summary>
    public const int MaxCandidates = 16;

    /// <summary>The most tokens of thoughts before one answer.</summary>
    public const int MaxThinkingBudget = 8192;

    /// <summary>The number of candidates, n, from 1 to <see cref="MaxCandidates"/>.</summary>
    public int Candidates { get; init; } = 8;

    /// <summary>The most tokens of one answer. The context may leave room for fewer.</summary>
    public int MaxTokens { get; init; } = 160;

    /// <summary>The most tokens of thoughts before one answer. The reserved memory limits it too.</summary>
    public int ThinkingBudget { get; init; } = MaxThinkingBudget;

    /// <summary>Higher values draw more freely; 0 always takes the likeliest token.</summary>
    public float Temperature { get; init; } = 0.9f;

    /// <summary>Draws only from the k likeliest tokens, 1 to 1,000. It runs first, so that everything after it costs next to nothing.</summary>
    public int TopK { get; init; } = 40;

    /// <summary>Draws only from the likeliest tokens that together have this probability; 1 turns it off.</summary>
    public float TopP { get; init; } = 0.95f;

    /// <summary>Draws only tokens that are at least this share as likely as the likeliest one; 0 turns it off.</summary>
    public float MinP { get; init; } = 0.05f;

    /// <summary>Divides the logits of tokens that repeat one of the last 64 tokens; 1 turns it off.</summary>
    public float RepeatPenalty { get; init; } = 1;

    /// <summary>Lowers the logits of tokens that occurred among the last 64; 0 turns it off, below 0 raises them.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Lowers the logits of tokens for each time that they occurred among the last 64; 0 turns it off, below 0 raises them.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Texts at which an answer ends. They are no part of it.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>The seed of all candidates. Each candidate derives its own seed from it.</summary>
    public uint Seed { get; init; }

    /// <summary>How often an answer is drawn again if it equals another candidate's answer.</summary>
    public int DuplicateAttempts { get; init; } = 2;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it and its range.</exception>
    public void Validate()
    {
        Check(Candidates is >= 1 and <= MaxCandidates, $"candidates must be 1 to {MaxCandidates}, not {Candidates}");
        Check(MaxTokens is >= 1 and <= MostTokens, $"max_tokens must be 1 to {MostTokens}, not {MaxTokens}");
        Check(ThinkingBudget is >= 0 and <= MaxThinkingBudget, $"thinking_budget must be 0 to {MaxThinkingBudget}, not {ThinkingBudget}");
        Check(Temperature is >= 0 and <= MaxTemperature, $"temperature must be 0 to {MaxTemperature}, not {Temperature}");
        Check(TopK is >= 1 and <= 1000, $"top_k must be 1 to 1000, not {TopK}");
        Check(TopP is > 0 and <= 1, $"top_p must be above 0 and at most 1, not {TopP}");
        Check(MinP is >= 0 and < 1, $"min_p must be at least 0 and below 1, not {MinP}");
        Check(RepeatPenalty is > 0 and <= 10, $"repeat_penalty must be above 0 and at most 10, not {RepeatPenalty}");
        Check(PresencePenalty is >= -2 and <= 2, $"presence_penalty must be -2 to 2, not {PresencePenalty}");
        Check(FrequencyPenalty is >= -2 and <= 2, $"frequency_penalty must be -2 to 2, not {FrequencyPenalty}");
        Check(Stop.All(s => s.Length > 0), "stop must not be an empty text");
        Check(DuplicateAttempts is >= 0 and <= 10, $"duplicate_attempts must be 0 to 10, not {DuplicateAttempts}");
    }

    private static void Check(bool holds, string message)
    {
        if (!holds)
            throw new ArgumentException(message);
    }
}
