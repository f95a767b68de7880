using CsCheck;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

public sealed class TopTokensTests
{
    [Fact]
    public void The_k_largest_logits_come_in_descending_order() =>
        Gen.Select(Gen.Float[-30, 30].Array[1, 300], Gen.Int[1, 60]).Sample((logits, k) =>
        {
            var top = new TokenData[k];
            int count = TopTokens.Select(logits, top);
            float[] expected = [.. logits.OrderDescending().Take(k)];
            Assert.Equal(expected, top.Take(count).Select(t => t.Logit));
            Assert.All(top.Take(count), t => Assert.Equal(logits[t.Token], t.Logit));
            Assert.Equal(count, top.Take(count).Select(t => t.Token).Distinct().Count());
        });
}
