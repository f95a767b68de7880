using System.Text;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference;

/// <summary>The memory that a model takes, in bytes, estimated from its header; rather too much than too little.</summary>
/// <param name="Weights">The weights, mapped from the file.</param>
/// <param name="Cache">
/// Keys and values of every token of a round: they grow with context, candidates and the length of answers. For a
/// recurrent model its state for each sequence.
/// </param>
/// <param name="Buffers">What one step of a decode computes in, and the logits.</param>
/// <param name="Conversations">Conversations that are kept outside of the context, and one on its way in, each as long as the context.</param>
public sealed record ModelMemory(long Weights, long Cache, long Buffers, long Conversations)
{
    private const int HalfFloat = 2,
        Float = 4;

    /// <summary>A hint's characters and what the template puts around it, in tokens.</summary>
    private const int CharactersOfAToken = 2,
        TemplateTokens = 16;

    /// <summary>All of it.</summary>
    public long Total => Weights + Cache + Buffers + Conversations;

    /// <summary>Estimates it.</summary>
    /// <param name="file">The model.</param>
    /// <param name="options">Context, candidates and length of answers.</param>
    /// <param name="hints">The style hints that candidates are assigned.</param>
    public static ModelMemory Of(GgufFile file, LanguageModelOptions options, IReadOnlyList<string> hints)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(hints);
        // As the cells are counted that the context is made with: one candidate fills it, each other one has
        // its answer, and each hint is decoded once.
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
