using System.Buffers;
using LLama.Native;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>Draws the tokens of one candidate, with its own random generator.</summary>
internal sealed class CandidateSampler : IDisposable
{
    private const int PenaltyWindow = 64;
    private readonly SafeLLamaSamplerChainHandle _chain = SafeLLamaSamplerChainHandle.Create(new LLamaSamplerChainParams { NoPerf = true });
    private readonly LLamaTokenData[] _top;

    internal CandidateSampler(SamplingOptions options, int vocabulary, uint seed)
    {
        _top = new LLamaTokenData[options.TopK];
        if (options.RepeatPenalty != 1 || options.PresencePenalty != 0 || options.FrequencyPenalty != 0)
            LlamaLibrary.Layout.AddPenalties(_chain, vocabulary, PenaltyWindow, options);
        _chain.AddTopP(options.TopP, 1);
        _chain.AddMinP(options.MinP, 1);
        _chain.AddTemperature(options.Temperature);
        _chain.AddDistributionSampler(seed);
    }

    /// <summary>Draws the next token from the logits of the whole vocabulary; null if they are not finite.</summary>
    /// <param name="logits">The logit of each token.</param>
    /// <param name="banned">A token that must not be drawn; null for none.</param>
    internal int? Draw(ReadOnlySpan<float> logits, int? banned = null)
    {
        int count = TopTokens.Select(logits, _top);
        if (!float.IsFinite(_top[0].Logit))
            return null;
        if (banned is { } unwanted)
            count = Without(unwanted, count);
        using MemoryHandle pin = LLamaTokenDataArrayNative.Create(
            new LLamaTokenDataArray(_top.AsMemory(0, count), isSorted: true),
            out LLamaTokenDataArrayNative candidates
        );
        candidates.Selected = -1;
        _chain.Apply(ref candidates);
        if (candidates.Selected < 0 || (ulong)candidates.Selected >= candidates.Size)
            return null;
        LLamaToken token = candidates.Data[(int)candidates.Selected].ID;
        _chain.Accept(token);
        return (int)token;
    }

    /// <summary>Lets the penalties see tokens that were drawn elsewhere.</summary>
    internal void Remember(List<int> tokens)
    {
        foreach (int token in tokens.Skip(Math.Max(0, tokens.Count - PenaltyWindow)))
            _chain.Accept((LLamaToken)token);
    }

    public void Dispose() => _chain.Dispose();

    /// <summary>Removes a token from the likeliest ones, unless it is the only one.</summary>
    private int Without(int token, int count)
    {
        int at = 0;
        while (at < count && (int)_top[at].ID != token)
            at++;
        if (at == count || count == 1)
            return count;
        _top.AsSpan((at + 1)..count).CopyTo(_top.AsSpan(at));
        return count - 1;
    }
}
