namespace OnlineRlhf.Inference.Tests;

/// <summary>Writes real GGUF models with random weights, of architectures that remember in different ways. What they say is noise.</summary>
internal sealed class RandomModel
{
    private const int Width = 64,
        Layers = 4,
        Heads = 4,
        HeadWidth = Width / Heads,
        Inner = 2 * Width,
        FeedForward = 128,
        Window = 16;
    private const int State = 16,
        Kernel = 4,
        Rank = 4;
    private readonly Random _random = new(42);
    private readonly GgufWriter _file;

    private RandomModel(string architecture) => _file = new GgufWriter(architecture, $"Random {architecture}");

    /// <summary>The architectures: full attention, a sliding window, recurrent, and two hybrids of recurrent and attention layers.</summary>
    internal static IReadOnlyList<string> Architectures { get; } = ["llama", "gemma3", "mamba", "lfm2", "qwen35"];

    internal static string Write(string architecture, string path)
    {
        var model = new RandomModel(architecture);
        model.Fill(architecture);
        model._file.Save(path);
        return path;
    }

    private void Fill(string architecture)
    {
        List<string> tokens = [.. GgufWriter.Bytes, "ĊĊ", "<|im_start|>", MarkovModel.End];
        List<int> types = [.. Enumerable.Repeat(GgufWriter.Normal, 257), GgufWriter.Control, GgufWriter.Control];
        while (tokens.Count % GgufWriter.Alignment != 0)
        {
            tokens.Add($"<unused{tokens.Count}>");
            types.Add(GgufWriter.UserDefined);
        }
        _file.Number("context_length", 4096);
        _file.Number("embedding_length", Width);
        _file.Number("block_count", Layers);
        _file.Number("feed_forward_length", FeedForward);
        _file.Real("attention.layer_norm_rms_epsilon", 1e-5f);
        _file.Vocabulary(tokens, types, tokens.IndexOf(MarkovModel.End), MarkovModel.ChatMl);
        // Larger than a trained model's, so that an answer is no single token again and again.
        Weights("token_embd.weight", 1, Width, tokens.Count);
        Weights("output.weight", 0.3f, Width, tokens.Count);
        Ones(architecture == "lfm2" ? "token_embd_norm.weight" : "output_norm.weight", Width);
        switch (architecture)
        {
            case "llama":
                Attention("attention.head_count_kv");
                break;
            case "gemma3":
                Attention("attention.head_count_kv");
                _file.Number("attention.key_length", HeadWidth);
                _file.Number("attention.value_length", HeadWidth);
                _file.Number("attention.sliding_window", Window);
                break;
            case "mamba":
                _file.Number("ssm.conv_kernel", Kernel);
                _file.Number("ssm.inner_size", Inner);
                _file.Number("ssm.state_size", State);
                _file.Number("ssm.time_step_rank", Rank);
                _file.Number("attention.head_count", 0);
                break;
            case "lfm2":
                _file.Number("attention.head_count", Heads);
                _file.Numbers("attention.head_count_kv", [.. Enumerable.Range(0, Layers).Select(i => IsRecurrent(i) ? 0 : Heads)]);
                _file.Number("shortconv.l_cache", 3);
                break;
            case "qwen35":
                Attention("attention.head_count_kv");
                _file.Number("attention.key_length", HeadWidth);
                _file.Number("attention.value_length", HeadWidth);
                _file.Numbers("rope.dimension_sections", 2, 2, 2, 0);
                _file.Number("full_attention_interval", 2);
                _file.Number("ssm.conv_kernel", Kernel);
                _file.Number("ssm.inner_size", State * Rank);
                _file.Number("ssm.state_size", State);
                _file.Number("ssm.time_step_rank", Rank);
                _file.Number("ssm.group_count", 2);
                break;
        }
        for (int i = 0; i < Layers; i++)
            Layer(architecture, $"blk.{i}.", architecture == "mamba" || (architecture is "lfm2" or "qwen35" && IsRecurrent(i)));
    }

    private static bool IsRecurrent(int layer) => layer % 2 == 0;

    private void Attention(string keyHeads)
    {
        _file.Number("attention.head_count", Heads);
        _file.Number(keyHeads, Heads);
    }

    private void Layer(string architecture, string layer, bool recurrent)
    {
        Ones(layer + "attn_norm.weight", Width);
        if (!recurrent)
        {
            // Qwen3.5's queries carry a gate each.
            Weights(layer + "attn_q.weight", 1, Width, architecture == "qwen35" ? 2 * Width : Width);
            foreach (string name in (string[])["attn_k", "attn_v", "attn_output"])
                Weights($"{layer}{name}.weight", 1, Width, Width);
            if (architecture != "llama")
            {
                Ones(layer + "attn_q_norm.weight", HeadWidth);
                Ones(layer + "attn_k_norm.weight", HeadWidth);
            }
        }
        switch (architecture)
        {
            case "mamba":
                Weights(layer + "ssm_in.weight", 1, Width, 2 * Inner);
                Weights(layer + "ssm_conv1d.weight", 1, Kernel, Inner);
                Weights(layer + "ssm_conv1d.bias", 0.1f, Inner);
                Weights(layer + "ssm_x.weight", 1, Inner, Rank + (2 * State));
                Weights(layer + "ssm_dt.weight", 1, Rank, Inner);
                Weights(layer + "ssm_dt.bias", 0.1f, Inner);
                Decay(layer + "ssm_a", State, Inner);
                Ones(layer + "ssm_d", Inner);
                Weights(layer + "ssm_out.weight", 1, Inner, Width);
                return;
            case "lfm2" when recurrent:
                Weights(layer + "shortconv.conv.weight", 1, 3, Width);
                Weights(layer + "shortconv.in_proj.weight", 1, Width, 3 * Width);
                Weights(layer + "shortconv.out_proj.weight", 1, Width, Width);
                break;
            case "qwen35" when recurrent:
                int keys = State * 2,
                    values = State * Rank;
                Weights(layer + "attn_qkv.weight", 1, Width, (2 * keys) + values);
                Weights(layer + "attn_gate.weight", 1, Width, values);
                Weights(layer + "ssm_conv1d.weight", 1, Kernel, (2 * keys) + values);
                Weights(layer + "ssm_dt.bias", 0.1f, Rank);
                Decay(layer + "ssm_a", Rank);
                Weights(layer + "ssm_beta.weight", 1, Width, Rank);
                Weights(layer + "ssm_alpha.weight", 1, Width, Rank);
                Ones(layer + "ssm_norm.weight", State);
                Weights(layer + "ssm_out.weight", 1, values, Width);
                break;
        }
        if (architecture is "gemma3" or "qwen35")
            Ones(layer + "post_attention_norm.weight", Width);
        if (architecture == "gemma3")
            Ones(layer + "post_ffw_norm.weight", Width);
        if (architecture != "qwen35")
            Ones(layer + "ffn_norm.weight", Width);
        Weights(layer + "ffn_gate.weight", 1, Width, FeedForward);
        Weights(layer + "ffn_up.weight", 1, Width, FeedForward);
        Weights(layer + "ffn_down.weight", 1, FeedForward, Width);
    }

    private void Ones(string name, params int[] extents) => _file.Tensor(name, extents, [.. Enumerable.Repeat(1f, Count(extents))]);

    /// <summary>How fast a state is forgotten: below zero.</summary>
    private void Decay(string name, params int[] extents) =>
        _file.Tensor(name, extents, [.. Enumerable.Range(0, Count(extents)).Select(_ => -0.1f - _random.NextSingle())]);

    private void Weights(string name, float scale, params int[] extents)
    {
        double deviation = scale / Math.Sqrt(extents[0]);
        _file.Tensor(
            name,
            extents,
            [.. Enumerable.Range(0, Count(extents)).Select(_ => (float)(deviation * Math.Sqrt(12) * (_random.NextDouble() - 0.5)))]
        );
    }

    private static int Count(int[] extents) => extents.Aggregate(1, (product, extent) => product * extent);
}
