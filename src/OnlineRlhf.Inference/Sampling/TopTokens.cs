using System.Numerics;
using LLama.Native;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>
/// Finds the k largest logits, in descending order. NaN counts as the smallest value, so that it is never drawn. This takes one vectorised pass over
/// the vocabulary; llama.cpp's own top-k first writes a 12-byte record for each token.
/// </summary>
internal static class TopTokens
{
    /// <summary>Fills the destination with the likeliest tokens, and returns how many there are. O(vocabulary).</summary>
    internal static int Select(ReadOnlySpan<float> logits, Span<LLamaTokenData> destination)
    {
        int held = 0,
            k = Math.Min(destination.Length, logits.Length),
            i = 0;
        for (; held < k; i++)
            Insert(destination, ref held, k, i, logits[i]);
        float least = destination[k - 1].Logit;
        for (; i + Vector<float>.Count <= logits.Length; i += Vector<float>.Count)
        {
            if (!Vector.GreaterThanAny(new Vector<float>(logits[i..]), new Vector<float>(least)))
                continue;
            for (int j = i; j < i + Vector<float>.Count; j++)
            {
                if (logits[j] > least)
                {
                    Insert(destination, ref held, k, j, logits[j]);
                    least = destination[k - 1].Logit;
                }
            }
        }
        for (; i < logits.Length; i++)
        {
            if (logits[i] > destination[k - 1].Logit)
                Insert(destination, ref held, k, i, logits[i]);
        }
        return held;
    }

    private static void Insert(Span<LLamaTokenData> sorted, ref int held, int k, int token, float logit)
    {
        logit = float.IsNaN(logit) ? float.NegativeInfinity : logit;
        int at = held < k ? held++ : k - 1;
        for (; at > 0 && sorted[at - 1].Logit < logit; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = new LLamaTokenData(token, logit, 0);
    }
}
