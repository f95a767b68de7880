namespace OnlineRlhf.Inference.Gguf;

/// <summary>
/// The size of a recurrent model's state, which is the same for sequences of any length. Follows llama.cpp's llama_hparams::n_embd_r and n_embd_s.
/// </summary>
internal static class RecurrentState
{
    /// <summary>
    /// How many bytes one sequence takes in all layers. If some layers may be attention layers and the header does not say which, they count too.
    /// </summary>
    /// <param name="number">Finds a number of the header by its key, without the architecture; null if there is none.</param>
    /// <param name="embedding">The width of a hidden state.</param>
    /// <param name="layers">How many layers the model has.</param>
    /// <param name="heads">How many attention heads the model has.</param>
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
        // Mamba, and hybrid models that contain it.
        long inner = number("ssm.inner_size") ?? 0,
            state = number("ssm.state_size") ?? 0;
        return (convolution * (inner + (2 * (number("ssm.group_count") ?? 0) * state))) + (state * inner);
    }
}
