namespace OnlineRlhf.Inference.Prompts;

/// <summary>How a family of models marks what it thinks before it answers.</summary>
/// <param name="Open">What the thoughts begin with.</param>
/// <param name="Close">What they end with; the answer follows.</param>
/// <param name="Cut">What closes thoughts that the model has not closed itself.</param>
/// <param name="Empty">A block without thoughts: the answer follows at once.</param>
internal sealed record ThoughtFormat(string Open, string Close, string Cut, string Empty)
{
    /// <summary>What the answer behind thoughts begins with, where it is marked too.</summary>
    internal string AnswerOpen { get; init; } = "";

    /// <summary>What such an answer may end with.</summary>
    internal IReadOnlyList<string> AnswerEnds { get; init; } = [];

    /// <summary>Every format that is understood. A new model family is a new line here.</summary>
    internal static IReadOnlyList<ThoughtFormat> All { get; } =
    [
        // Qwen3, DeepSeek R1 and its distilled models, SmolLM3, GLM, Nemotron, LFM2.5, Hunyuan, EXAONE 4, MiniMax
        Tags("<think>", "</think>"),
        // Magistral
        new("[THINK]", "[/THINK]", "[/THINK]", "[THINK][/THINK]"),
        // gpt-oss writes into channels, of which "final" holds the answer
        new("<|channel|>", "final<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>", "<|channel|>final<|message|>") { AnswerEnds = ["<|return|>", "<|end|>"] },
        // Gemma 4
        new("<|channel>", "<channel|>", "<channel|>", "<|channel>thought\n<channel|>"),
        // EXAONE Deep
        Tags("<thought>", "</thought>"),
        // Apriel, and answers of other models in data sets
        Tags("<thinking>", "</thinking>"),
        // Seed-OSS
        Tags("<seed:think>", "</seed:think>"),
        // Kimi
        Tags("◁think▷", "◁/think▷"),
        // Command R7B, Command A
        new("<|START_THINKING|>", "<|END_THINKING|>", "<|END_THINKING|>", "<|START_THINKING|><|END_THINKING|>") { AnswerOpen = "<|START_RESPONSE|>", AnswerEnds = ["<|END_RESPONSE|>"] },
    ];

    private static ThoughtFormat Tags(string open, string close) => new(open, close, $"\n{close}\n\n", $"{open}\n\n{close}\n\n");
}
