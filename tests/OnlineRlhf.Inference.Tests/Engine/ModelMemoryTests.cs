using OnlineRlhf.Inference.Gguf;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>The memory that a model takes, by its header.</summary>
public sealed class ModelMemoryTests
{
    private static readonly LanguageModelOptions Options = new()
    {
        ModelPath = DemoModelFile.Path,
        ContextTokens = 512,
        AnswerTokens = 100,
        Candidates = 4,
    };
    private static readonly GgufFile Demo = GgufFile.Open(DemoModelFile.Path);

    [Fact]
    public void The_header_says_what_the_estimate_needs()
    {
        Assert.Equal("Q8_0", Demo.Quantisation);
        Assert.Equal(Demo.FileLength - Demo.DataOffset, Demo.WeightBytes);
        // 3 heads of 32 for keys, as many for values.
        Assert.Equal(192, Demo.CacheWidth);
        Assert.Equal(512, Demo.FeedForwardLength);
    }

    [Fact]
    public void Keys_and_values_are_counted_for_every_token_of_a_round()
    {
        ModelMemory memory = ModelMemory.Of(Demo, Options, []);

        // 512 + 3 · 100 tokens and one turn, in steps of 256: 1,024 cells, of 4 layers, 192 half floats.
        Assert.Equal(1024 * 4 * 192 * 2, memory.Cache);
        Assert.Equal(memory.Total, memory.Weights + memory.Cache + memory.Buffers + memory.Conversations);
    }

    [Fact]
    public void Memory_grows_with_context_candidates_and_answers_up_to_what_the_model_was_trained_for()
    {
        long basis = ModelMemory.Of(Demo, Options with { ContextTokens = 256 }, []).Cache;

        Assert.True(ModelMemory.Of(Demo, Options, []).Cache > basis);
        Assert.True(ModelMemory.Of(Demo, Options with { ContextTokens = 256, Candidates = 16 }, []).Cache > basis);
        Assert.True(ModelMemory.Of(Demo, Options with { ContextTokens = 256, AnswerTokens = 250 }, []).Cache > basis);
        Assert.Equal(ModelMemory.Of(Demo, Options, []), ModelMemory.Of(Demo, Options with { ContextTokens = 100_000 }, []));
    }
}
