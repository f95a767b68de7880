using System.Runtime.CompilerServices;
using LLama.Native;

namespace OnlineRlhf.Inference.Tests.Engine;

public sealed class LayoutTests
{
    [Fact]
    public void LLamaSharps_structures_have_the_sizes_of_llama_h()
    {
        Assert.Equal(160, Unsafe.SizeOf<LLamaContextParams>());
        Assert.Equal(56, Unsafe.SizeOf<LLamaNativeBatch>());
        Assert.Equal(12, Unsafe.SizeOf<LLamaTokenData>());
        Assert.Equal(32, Unsafe.SizeOf<LLamaTokenDataArrayNative>());
    }
}
