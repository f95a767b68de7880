namespace OnlineRlhf.Inference.Tests;

/// <summary>
/// Writes a real GGUF model that is a Markov chain: each token's successors are written into the weights, attention and feed-forward network add
/// nothing.
/// So a test says what the model writes.
/// </summary>
internal sealed class MarkovModel
{
    /// <summary>A template in ChatML, without a word of thoughts.</summary>
    internal const string ChatMl =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    /// <summary>The end of an answer.</summary>
    internal const string End = "<|im_end|>";

    private const int Alignment = GgufWriter.Alignment,
        Heads = 4;

    // What no successor has: e to the power of minus 30 less likely.
    private const double Floor = 30;

    private readonly List<string> _tokens = [.. GgufWriter.Bytes, "ĊĊ", "<|im_start|>", End];
    private readonly List<int> _types = [.. Enumerable.Repeat(GgufWriter.Normal, 257), GgufWriter.Control, GgufWriter.Control];
    private readonly List<(string From, string To, double Probability)> _edges = [];

    /// <summary>The model's chat template.</summary>
    internal string? Template { get; init; } = ChatMl;

    /// <summary>The token whose output is not a number; null for none.</summary>
    internal string? Poison { get; init; }

    /// <summary>Tokens that the model cannot write: their logits are never numbers.</summary>
    internal IReadOnlyList<string> Unspeakable { get; init; } = [];

    /// <summary>Says what may follow a token, each equally likely; "\n" and "\n\n" are tokens, others are made as they are named.</summary>
    internal MarkovModel After(string token, params string[] next)
    {
        foreach (string successor in next)
            _edges.Add((Name(token), Name(successor), 1.0 / next.Length));
        return this;
    }

    /// <summary>Writes the file.</summary>
    internal string Write(string path)
    {
        int tokens = _tokens.Count,
            width = (tokens + Alignment - 1) / Alignment * Alignment;
        double root = Math.Sqrt(width);
        var embedding = new float[tokens * width];
        var output = new float[tokens * width];
        for (int t = 0; t < tokens; t++)
            embedding[(t * width) + t] = _tokens[t] == Poison ? float.NaN : (float)root;
        foreach ((string from, string to, double probability) in _edges)
            output[(_tokens.IndexOf(to) * width) + _tokens.IndexOf(from)] = (float)((Math.Log(probability) + Floor) / root);
        foreach (string token in Unspeakable)
            Array.Fill(output, float.NaN, _tokens.IndexOf(token) * width, width);
        float[] ones = [.. Enumerable.Repeat(1f, width)],
            square = new float[width * width];
        List<(string Name, int[] Extents, float[] Values)> tensors =
        [
            ("token_embd.weight", [width, tokens], embedding),
            ("output.weight", [width, tokens], output),
            ("output_norm.weight", [width], ones),
            ("blk.0.attn_norm.weight", [width], ones),
            ("blk.0.ffn_norm.weight", [width], ones),
            .. new[] { "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down" }.Select(n =>
                ($"blk.0.{n}.weight", new[] { width, width }, square)
            ),
        ];
        var file = new GgufWriter("llama", "Markov");
        file.Number("context_length", 4096);
        file.Number("embedding_length", width);
        file.Number("block_count", 1);
        file.Number("feed_forward_length", width);
        file.Number("attention.head_count", Heads);
        file.Number("attention.head_count_kv", Heads);
        file.Real("attention.layer_norm_rms_epsilon", 1e-6f);
        file.Vocabulary(_tokens, _types, _tokens.IndexOf(End), Template);
        foreach ((string name, int[] extents, float[] values) in tensors)
            file.Tensor(name, extents, values);
        file.Save(path);
        return path;
    }

    private string Name(string token)
    {
        token = token switch
        {
            "\n" => "Ċ",
            "\n\n" => "ĊĊ",
            _ => token,
        };
        if (!_tokens.Contains(token))
        {
            _tokens.Add(token);
            _types.Add(token.StartsWith("<|", StringComparison.Ordinal) || token.StartsWith('[') ? GgufWriter.Control : GgufWriter.UserDefined);
        }
        return token;
    }
}
