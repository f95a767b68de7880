using System.Text;

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
        new("<|channel|>", "final<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>", "<|channel|>final<|message|>")
        {
            AnswerEnds = ["<|return|>", "<|end|>"],
        },
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
        new("<|START_THINKING|>", "<|END_THINKING|>", "<|END_THINKING|>", "<|START_THINKING|><|END_THINKING|>")
        {
            AnswerOpen = "<|START_RESPONSE|>",
            AnswerEnds = ["<|END_RESPONSE|>"],
        },
    ];

    /// <summary>Whether a closing marker ends thoughts whose opening one is not in the text, as where a prompt has opened them.</summary>
    /// <remarks>
    /// It does where nothing stands before it, at a line's beginning or end, or right at a word or a sentence's end, with no white space between.
    /// An answer that explains the marker puts white space, quotes or brackets around it: there it is text.
    /// </remarks>
    /// <param name="before">What stands before the marker; null for nothing.</param>
    /// <param name="after">What follows it; null for nothing.</param>
    internal static bool EndsThoughts(Rune? before, Rune? after) =>
        before is null or { Value: '\n' }
        || after is { Value: '\n' or '\r' }
        || EndsWord(before.Value)
        || (after is { } next && Rune.IsLetterOrDigit(next));

    private static bool EndsWord(Rune rune) =>
        Rune.IsLetterOrDigit(rune) || rune.Value is '.' or '!' or '?' or ')' or '\u2026' or '\u3002' or '\uFF01' or '\uFF1F';

    private static ThoughtFormat Tags(string open, string close) => new(open, close, $"\n{close}\n\n", $"{open}\n\n{close}\n\n");
}
