using System.Text;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference;

/// <summary>The memory that a model takes, in bytes. It is estimated from the header, and rather too high than too low.</summary>
/// <param name="Weights">The weights, which are mapped from the file.</param>
/// <param name="Cache">
/// The keys and values of every token of a round, which grow with the context, the candidates and the length of answers. For a recurrent model also
/// its state for each sequence.
/// </param>
/// <param name="Buffers">The working memory of one decode, and the logits.</param>
/// <param name="Conversations">The conversations outside of the context, and one that is being copied, each as long as the context.</param>
public sealed record ModelMemory(long Weights, long Cache, long Buffers, long Conversations)
{
    private const int HalfFloat = 2,
        Float = 4;

    /// <summary>For the length of a hint in tokens: how many characters a token has, and how many tokens the template adds.</summary>
    private const int CharactersOfAToken = 2,
        TemplateTokens = 16;

    /// <summary>The sum of all parts.</summary>
    public long Total => Weights + Cache + Buffers + Conversations;

    /// <summary>Estimates the memory.</summary>
    /// <param name="file">The header of the model.</param>
    /// <param name="options">The context, the candidates and the length of answers.</param>
    /// <param name="hints">The style hints for candidates.</param>
    public static ModelMemory Of(GgufFile file, LanguageModelOptions options, IReadOnlyList<string> hints)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(hints);
        // The same count as for the real context: one candidate fills it, each other one adds its answer, and each hint is decoded once.
        long context = Math.Min(options.ContextTokens, file.ContextLength);
        long suffixes = hints
            .Prepend("")
            .Select(h => (Encoding.UTF8.GetByteCount(h) / CharactersOfAToken) + TemplateTokens)
            .OrderDescending()
            .Take(options.Candidates)
            .Sum();
        long cells = context + ((options.Candidates - 1) * Math.Min(options.AnswerTokens, context)) + suffixes;
        cells = (cells + 255) / 256 * 256;
        long step = DecodingContext.BatchTokens;
        long activations = step * ((3L * file.FeedForwardLength) + (4L * file.EmbeddingLength)) * Float;
        long mask = step * cells * (Float + HalfFloat);
        long logits = 2L * DecodingContext.OutputRows * file.VocabularySize * Float;
        long cell = (long)file.BlockCount * file.CacheWidth * HalfFloat;
        long copies = options.Conversations > 1 ? options.Conversations : 0,
            state = file.RecurrentStateBytes;
        return new ModelMemory(
            file.WeightBytes,
            (cells * cell) + (LoadedModel.Sequences(options.Candidates) * state),
            activations + mask + logits,
            copies * ((context * cell) + state)
        );
    }
}
