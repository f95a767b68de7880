namespace OnlineRlhf.Inference.Gguf;

/// <summary>
/// Recognises models that turn a text into numbers and write no answers. Some are made for search, and some are converted from chat models.
/// </summary>
internal static class EmbeddingModel
{
    private static readonly string[] SearchTags = ["feature-extraction", "sentence-similarity", "sentence-transformers", "text-ranking"],
        ChatTags = ["text-generation", "conversational"];

    /// <exception cref="GgufFormatException">The model is an embedding model.</exception>
    internal static void Refuse(Metadata metadata, string architecture)
    {
        string? sign =
            // 0 is "none". All other types that llama.cpp knows (mean, first, last token, rank) turn a text into one vector.
            metadata.Integer($"{architecture}.pooling_type")
                is > 0
                    and < int.MaxValue
                    and { } pooling
                ? $"pooling type {pooling}"
            : metadata.Integer($"{architecture}.attention.causal") == 0 ? "attention that is not causal"
            : architecture.Contains("bert", StringComparison.Ordinal) || architecture.EndsWith("-embedding", StringComparison.Ordinal)
                ? "its architecture"
            : metadata.Tags.FirstOrDefault(SearchTags.Contains) is { } tag && !metadata.Tags.Any(ChatTags.Contains) ? $"tag {tag}"
            : null;
        if (sign is not null)
            throw new GgufFormatException(
                ModelFileError.Unsupported,
                $"this is an embedding model ({Printable.Line(architecture, 64)}, by {sign}), which writes no answers",
                "Use a chat model."
            );
    }
}
