using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Sampling;

/// <summary>Draws one candidate's tokens, with a random generator of its own.</summary>
internal sealed unsafe class CandidateSampler : IDisposable
{
    private const int PenaltyWindow = 64;
    private readonly SamplerHandle _chain;
    private readonly TokenData[] _top;

    internal CandidateSampler(SamplingOptions options, int vocabulary, uint seed)
    {
        _top = new TokenData[options.TopK];
        _chain = NativeMethods.llama_sampler_chain_init(1);
        if (options.RepeatPenalty != 1)
            NativeMethods.llama_sampler_chain_add(_chain, NativeMethods.llama_sampler_init_penalties(vocabulary, PenaltyWindow, options.RepeatPenalty, 0, 0));
        NativeMethods.llama_sampler_chain_add(_chain, NativeMethods.llama_sampler_init_top_p(options.TopP, 1));
        NativeMethods.llama_sampler_chain_add(_chain, NativeMethods.llama_sampler_init_min_p(options.MinP, 1));
        NativeMethods.llama_sampler_chain_add(_chain, NativeMethods.llama_sampler_init_temp(options.Temperature));
        NativeMethods.llama_sampler_chain_add(_chain, NativeMethods.llama_sampler_init_dist(seed));
    }

    /// <summary>Draws the next token from the logits over the whole vocabulary; null where they are not numbers.</summary>
    /// <param name="logits">One for each token.</param>
    /// <param name="banned">A token that is not drawn; null for none.</param>
    internal int? Draw(ReadOnlySpan<float> logits, int? banned = null)
    {
        int count = TopTokens.Select(logits, _top);
        if (!float.IsFinite(_top[0].Logit))
            return null;
        if (banned is { } unwanted)
            count = Without(unwanted, count);
        fixed (TokenData* data = _top)
        {
            var candidates = new TokenDataArray { Data = data, Count = (nuint)count, Selected = -1, Sorted = 1 };
            NativeMethods.llama_sampler_apply(_chain, &candidates);
            if (candidates.Selected < 0 || (nuint)candidates.Selected >= candidates.Count)
                return null;
            int token = candidates.Data[candidates.Selected].Token;
            NativeMethods.llama_sampler_accept(_chain, token);
            return token;
        }
    }

    public void Dispose() => _chain.Dispose();

    /// <summary>Takes a token out of the likeliest ones, unless it is the only one.</summary>
    private int Without(int token, int count)
    {
        int at = 0;
        while (at < count && _top[at].Token != token)
            at++;
        if (at == count || count == 1)
            return count;
        _top.AsSpan((at + 1)..count).CopyTo(_top.AsSpan(at));
        return count - 1;
    }
}
