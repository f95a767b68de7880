using System.Text;

namespace OnlineRlhf.Inference.Tests;

/// <summary>
/// Writes a real GGUF model that is a Markov chain: each token's successors are written into the weights, attention and feed-forward network add nothing.
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

    private const uint TypeText = 8, TypeList = 9, TypeNumber = 4, TypeSigned = 5, TypeFloat = 6, TypeBool = 7;
    private const int Normal = 1, Control = 3, UserDefined = 4, Alignment = 32, Heads = 4;

    // What no successor has: e to the power of minus 30 less likely.
    private const double Floor = 30;

    private readonly List<string> _tokens = [.. Enumerable.Range(0, 256).Select(ByteLevel), "ĊĊ", "<|im_start|>", End];
    private readonly List<int> _types = [.. Enumerable.Repeat(Normal, 257), Control, Control];
    private readonly List<(string From, string To, double Probability)> _edges = [];

    /// <summary>The model's chat template.</summary>
    internal string? Template { get; init; } = ChatMl;

    /// <summary>The token whose output is not a number; null for none.</summary>
    internal string? Poison { get; init; }

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
        int tokens = _tokens.Count, width = (tokens + Alignment - 1) / Alignment * Alignment;
        double root = Math.Sqrt(width);
        var embedding = new float[tokens * width];
        var output = new float[tokens * width];
        for (int t = 0; t < tokens; t++)
            embedding[(t * width) + t] = _tokens[t] == Poison ? float.NaN : (float)root;
        foreach ((string from, string to, double probability) in _edges)
            output[(_tokens.IndexOf(to) * width) + _tokens.IndexOf(from)] = (float)((Math.Log(probability) + Floor) / root);
        float[] ones = [.. Enumerable.Repeat(1f, width)], square = new float[width * width];
        List<(string Name, int[] Extents, float[] Values)> tensors =
        [
            ("token_embd.weight", [width, tokens], embedding), ("output.weight", [width, tokens], output), ("output_norm.weight", [width], ones),
            ("blk.0.attn_norm.weight", [width], ones), ("blk.0.ffn_norm.weight", [width], ones),
            .. new[] { "attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down" }.Select(n => ($"blk.0.{n}.weight", new[] { width, width }, square)),
        ];
        using var writer = new BinaryWriter(File.Create(path));
        Write(writer, width, tensors);
        return path;
    }

    private string Name(string token)
    {
        token = token switch { "\n" => "Ċ", "\n\n" => "ĊĊ", _ => token };
        if (!_tokens.Contains(token))
        {
            _tokens.Add(token);
            _types.Add(token.StartsWith("<|", StringComparison.Ordinal) || token.StartsWith('[') ? Control : UserDefined);
        }
        return token;
    }

    private void Write(BinaryWriter writer, int width, List<(string Name, int[] Extents, float[] Values)> tensors)
    {
        List<Action> pairs =
        [
            () => Text("general.architecture", "llama"), () => Text("general.name", "Markov"),
            () => Number("llama.context_length", 4096), () => Number("llama.embedding_length", width), () => Number("llama.block_count", 1),
            () => Number("llama.feed_forward_length", width), () => Number("llama.attention.head_count", Heads), () => Number("llama.attention.head_count_kv", Heads),
            () => { Key("llama.attention.layer_norm_rms_epsilon", TypeFloat); writer.Write(1e-6f); },
            () => Text("tokenizer.ggml.model", "gpt2"), () => Text("tokenizer.ggml.pre", "gpt-2"),
            () => Texts("tokenizer.ggml.tokens", _tokens), () => Texts("tokenizer.ggml.merges", ["Ċ Ċ"]),
            () => { List("tokenizer.ggml.token_type", TypeSigned, _types.Count); _types.ForEach(writer.Write); },
            () => Number("tokenizer.ggml.eos_token_id", _tokens.IndexOf(End)),
            () => { Key("tokenizer.ggml.add_bos_token", TypeBool); writer.Write(false); },
        ];
        if (Template is not null)
            pairs.Add(() => Text("tokenizer.chat_template", Template));
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)pairs.Count);
        pairs.ForEach(write => write());
        ulong offset = 0;
        foreach ((string name, int[] extents, float[] values) in tensors)
        {
            String(name);
            writer.Write(extents.Length);
            foreach (int extent in extents)
                writer.Write((ulong)extent);
            writer.Write(0);
            writer.Write(offset);
            offset += (ulong)(values.Length * sizeof(float));
        }
        writer.Flush();
        while (writer.BaseStream.Length % Alignment != 0)
        {
            writer.Write((byte)0);
            writer.Flush();
        }
        foreach ((_, _, float[] values) in tensors)
            writer.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()));

        void String(string text)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            writer.Write((ulong)bytes.Length);
            writer.Write(bytes);
        }

        void Key(string key, uint type)
        {
            String(key);
            writer.Write(type);
        }

        void Text(string key, string value)
        {
            Key(key, TypeText);
            String(value);
        }

        void Number(string key, int value)
        {
            Key(key, TypeNumber);
            writer.Write(value);
        }

        void List(string key, uint type, int count)
        {
            Key(key, TypeList);
            writer.Write(type);
            writer.Write((ulong)count);
        }

        void Texts(string key, List<string> values)
        {
            List(key, TypeText, values.Count);
            values.ForEach(String);
        }
    }

    /// <summary>How GPT-2's vocabularies write a byte: a printable character for each.</summary>
    private static string ByteLevel(int value)
    {
        static bool IsPrintable(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return IsPrintable(value) ? ((char)value).ToString() : ((char)(256 + Enumerable.Range(0, value).Count(b => !IsPrintable(b)))).ToString();
    }
}
