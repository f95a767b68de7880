using CsCheck;
using LLama.Native;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

public sealed class TopTokensTests
{
    [Fact]
    public void The_k_largest_logits_come_in_descending_order() =>
        Gen.Select(Gen.Float[-30, 30].Array[1, 300], Gen.Int[1, 60])
            .Sample(
                (logits, k) =>
                {
                    var top = new LLamaTokenData[k];
                    int count = TopTokens.Select(logits, top);
                    float[] expected = [.. logits.OrderDescending().Take(k)];
                    Assert.Equal(expected, top.Take(count).Select(t => t.Logit));
                    Assert.All(top.Take(count), t => Assert.Equal(logits[(int)t.ID], t.Logit));
                    Assert.Equal(count, top.Take(count).Select(t => (int)t.ID).Distinct().Count());
                }
            );

    [Fact]
    public void What_is_not_a_number_is_never_among_the_likeliest() =>
        Gen.Select(Gen.Float[-30, 30].Array[2, 300], Gen.Int[1, 60], Gen.Int[0, 299].Array[1, 50])
            .Sample(
                (logits, k, broken) =>
                {
                    foreach (int at in broken.Select(b => b % logits.Length))
                        logits[at] = float.NaN;
                    var top = new LLamaTokenData[k];
                    int count = TopTokens.Select(logits, top);
                    float[] expected = [.. logits.Where(l => !float.IsNaN(l)).OrderDescending().Take(k)];
                    Assert.Equal(expected, top.Take(Math.Min(count, expected.Length)).Select(t => t.Logit));
                    Assert.All(top.Take(count).Skip(expected.Length), t => Assert.Equal(float.NegativeInfinity, t.Logit));
                }
            );
}
