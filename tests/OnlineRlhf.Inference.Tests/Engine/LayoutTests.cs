using System.Runtime.InteropServices;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>Offsets as a C program prints them from llama.h of version 0.5.0 (64-bit).</summary>
public sealed class LayoutTests
{
    [Theory]
    [InlineData(nameof(ModelParams.GpuLayers), 16)]
    [InlineData(nameof(ModelParams.LoadMode), 24)]
    [InlineData(nameof(ModelParams.ProgressCallback), 48)]
    [InlineData(nameof(ModelParams.VocabularyOnly), 72)]
    public void Model_parameters_lie_where_llama_h_puts_them(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<ModelParams>(field));

    [Theory]
    [InlineData(nameof(ContextParams.SequencesMax), 12)]
    [InlineData(nameof(ContextParams.OutputsMax), 20)]
    [InlineData(nameof(ContextParams.Threads), 28)]
    [InlineData(nameof(ContextParams.PoolingType), 44)]
    [InlineData(nameof(ContextParams.EvaluationCallback), 88)]
    [InlineData(nameof(ContextParams.Embeddings), 128)]
    [InlineData(nameof(ContextParams.UnifiedCache), 133)]
    public void Context_parameters_lie_where_llama_h_puts_them(string field, int offset) =>
        Assert.Equal(offset, (int)Marshal.OffsetOf<ContextParams>(field));

    [Fact]
    public void Structures_have_the_sizes_of_llama_h()
    {
        Assert.Equal(80, Marshal.SizeOf<ModelParams>());
        Assert.Equal(56, Marshal.SizeOf<NativeBatch>());
        Assert.Equal(16, Marshal.SizeOf<NativeChatMessage>());
        Assert.Equal(12, Marshal.SizeOf<TokenData>());
        Assert.Equal(32, Marshal.SizeOf<TokenDataArray>());
    }

    [Fact]
    public void The_librarys_own_defaults_stand_where_the_layout_expects_them()
    {
        _ = Models.Demo;
        Assert.True(NativeMethods.llama_context_default_params().HoldsDefaults);
    }
}
