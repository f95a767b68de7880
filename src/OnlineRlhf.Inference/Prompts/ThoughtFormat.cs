using System.Text;

namespace OnlineRlhf.Inference.Prompts;

/// <summary>How a family of models marks its thoughts before an answer.</summary>
/// <param name="Open">The marker that begins the thoughts.</param>
/// <param name="Close">The marker that ends them. The answer follows.</param>
/// <param name="Cut">The text that closes thoughts which the model did not close itself.</param>
/// <param name="Empty">An empty block of thoughts, which the answer follows immediately.</param>
internal sealed record ThoughtFormat(string Open, string Close, string Cut, string Empty)
{
    /// <summary>The marker that begins the answer after thoughts; empty if there is none.</summary>
    internal string AnswerOpen { get; init; } = "";

    /// <summary>The markers that such an answer may end with.</summary>
    internal IReadOnlyList<string> AnswerEnds { get; init; } = [];

    /// <summary>All formats that the program understands. A new model family is a new line here.</summary>
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

    /// <summary>Whether a closing marker ends thoughts whose opening marker is not in the text, for example because the prompt contains it.</summary>
    /// <remarks>
    /// It ends thoughts if nothing precedes it, or if it begins or ends a line. It also does so directly after a word or the end of a sentence, or
    /// directly before a word, without white space between. An answer that explains the marker puts white space, quotes or brackets around it; then
    /// it is text.
    /// </remarks>
    /// <param name="before">The character before the marker; null for none.</param>
    /// <param name="after">The character after the marker; null for none.</param>
    internal static bool EndsThoughts(Rune? before, Rune? after) =>
        before is null or { Value: '\n' }
        || after is { Value: '\n' or '\r' }
        || EndsWord(before.Value)
        || (after is { } next && Rune.IsLetterOrDigit(next));

    private static bool EndsWord(Rune rune) =>
        Rune.IsLetterOrDigit(rune) || rune.Value is '.' or '!' or '?' or ')' or '\u2026' or '\u3002' or '\uFF01' or '\uFF1F';

    private static ThoughtFormat Tags(string open, string close) => new(open, close, $"\n{close}\n\n", $"{open}\n\n{close}\n\n");
}
