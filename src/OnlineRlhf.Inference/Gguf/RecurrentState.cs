namespace OnlineRlhf.Inference.Gguf;

/// <summary>
/// The memory of a recurrent model: it has the same size for a sequence of any length. llama.cpp's llama_hparams::n_embd_r and n_embd_s.
/// </summary>
internal static class RecurrentState
{
    /// <summary>
    /// Bytes for one sequence, all layers together: where some layers may be attention and the header does not say which, those count too.
    /// </summary>
    /// <param name="number">A number of the header by its key, without the architecture; null where there is none.</param>
    /// <param name="embedding">The width of a hidden state.</param>
    /// <param name="layers">Layers.</param>
    /// <param name="heads">Attention heads.</param>
    internal static long BytesOf(Func<string, int?> number, int embedding, int layers, int heads)
    {
        int interval = number("full_attention_interval") ?? 0;
        return (layers - (interval > 0 ? layers / interval : 0)) * Numbers(number, embedding, heads) * sizeof(float);
    }

    private static long Numbers(Func<string, int?> number, int embedding, int heads)
    {
        long convolution = Math.Max((number("ssm.conv_kernel") ?? 1) - 1, 0);
        // RWKV: the last two tokens, and a matrix for each head.
        if (number("wkv.head_size") is { } head)
            return (long)embedding * ((number("token_shift_count") ?? 2) + head);
        // LFM2.
        if (number("shortconv.l_cache") is { } tokens)
            return (long)embedding * (tokens - 1);
        // Kimi Linear.
        if (number("kda.head_dim") is { } width)
            return ((3 * convolution) + width) * heads * width;
        // Mamba, and hybrids with it.
        long inner = number("ssm.inner_size") ?? 0,
            state = number("ssm.state_size") ?? 0;
        return (convolution * (inner + (2 * (number("ssm.group_count") ?? 0) * state))) + (state * inner);
    }
}
