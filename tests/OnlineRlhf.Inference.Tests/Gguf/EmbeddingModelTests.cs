using OnlineRlhf.Inference.Gguf;

namespace OnlineRlhf.Inference.Tests.Gguf;

/// <summary>Models for search are refused, those that look a little like them are not.</summary>
public sealed class EmbeddingModelTests : GgufFixture
{
    [Fact]
    public void What_writes_no_answers_is_refused()
    {
        MustRefuse(GgufBuilder.Smallest().Number("llama.pooling_type", 1));
        MustRefuse(GgufBuilder.Smallest().Number("llama.pooling_type", 3));
        MustRefuse(GgufBuilder.Smallest().Number("llama.pooling_type", 4));
        MustRefuse(GgufBuilder.Smallest().With("llama.attention.causal", 7, writer => writer.Write((byte)0)));
        MustRefuse(GgufBuilder.Smallest().Texts("general.tags", "sentence-transformers", "feature-extraction"));
        foreach (string architecture in new[] { "bert", "nomic-bert-moe", "jina-bert-v2", "modern-bert", "gemma-embedding" })
            MustRefuse(GgufBuilder.Smallest().Text("general.architecture", architecture));
    }

    [Fact]
    public void What_writes_answers_is_not()
    {
        _ = Open(GgufBuilder.Smallest().Number("llama.pooling_type", 0));
        _ = Open(GgufBuilder.Smallest().With("llama.attention.causal", 7, writer => writer.Write((byte)1)));
        _ = Open(GgufBuilder.Smallest().Texts("general.tags", "text-generation", "feature-extraction"));
        _ = Open(GgufBuilder.Smallest().Texts("general.tags", "chat", new string('x', 100_000)));
    }

    private void MustRefuse(GgufBuilder builder)
    {
        string message = Refused(ModelFileError.Unsupported, builder).Message;
        Assert.Contains("embedding model", message, StringComparison.Ordinal);
        Assert.EndsWith("which writes no answers. Use a chat model.", message, StringComparison.Ordinal);
    }
}
