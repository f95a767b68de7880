namespace OnlineRlhf.Inference.Gguf;

/// <summary>Recognises models that turn a text into numbers and write none: those made for search, and those made from chat models for it.</summary>
internal static class EmbeddingModel
{
    private static readonly string[] SearchTags = ["feature-extraction", "sentence-similarity", "sentence-transformers", "text-ranking"],
        ChatTags = ["text-generation", "conversational"];

    /// <exception cref="GgufFormatException">It is one.</exception>
    internal static void Refuse(Metadata metadata, string architecture)
    {
        string? sign =
            // 0 is "none"; what llama.cpp knows beside it (mean, first, last token, rank) makes one vector of a text.
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
