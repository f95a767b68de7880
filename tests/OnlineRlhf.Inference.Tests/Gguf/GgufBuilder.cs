using System.Text;

namespace OnlineRlhf.Inference.Tests.Gguf;

/// <summary>Writes small GGUF files, right ones and wrong ones.</summary>
internal sealed class GgufBuilder
{
    private readonly List<(string Key, uint Type, Action<BinaryWriter> Value)> _pairs = [];
    private readonly List<(string Name, ulong[] Extents, uint Type, ulong? Offset)> _tensors = [];

    public uint Version { get; set; } = 3;
    public ulong? TensorCount { get; set; }
    public ulong? PairCount { get; set; }
    public uint Alignment { get; set; } = 32;

    /// <summary>A model that opens: three tokens, one tensor of 32 floats.</summary>
    public static GgufBuilder Smallest() =>
        new GgufBuilder()
            .Text("general.architecture", "llama")
            .Text("general.name", "Smallest")
            .Number("llama.context_length", 128)
            .Number("llama.embedding_length", 32)
            .Number("llama.block_count", 1)
            .Texts("tokenizer.ggml.tokens", "a", "b", "c");

    public GgufBuilder With(string key, uint type, Action<BinaryWriter> value)
    {
        _ = _pairs.RemoveAll(pair => pair.Key == key);
        return Again(key, type, value);
    }

    public GgufBuilder Again(string key, uint type, Action<BinaryWriter> value)
    {
        _pairs.Add((key, type, value));
        return this;
    }

    public GgufBuilder Without(string key)
    {
        _ = _pairs.RemoveAll(pair => pair.Key == key);
        return this;
    }

    public GgufBuilder Text(string key, string value) => With(key, 8, writer => Write(writer, value));

    /// <summary>The head of an array, which the file may not hold: the elements' type, and how many there are.</summary>
    public GgufBuilder ArrayHead(string key, uint type, ulong count, Action<BinaryWriter>? elements = null) =>
        With(
            key,
            9,
            writer =>
            {
                writer.Write(type);
                writer.Write(count);
                elements?.Invoke(writer);
            }
        );

    public GgufBuilder Number(string key, uint value) => With(key, 4, writer => writer.Write(value));

    public GgufBuilder Texts(string key, params string[] values) =>
        ArrayHead(
            key,
            8,
            (ulong)values.Length,
            writer =>
            {
                foreach (string value in values)
                    Write(writer, value);
            }
        );

    public GgufBuilder Tensor(string name, uint type, params ulong[] extents) => TensorAt(name, null, type, extents);

    public GgufBuilder TensorAt(string name, ulong? offset, uint type, params ulong[] extents)
    {
        _tensors.Add((name, extents, type, offset));
        return this;
    }

    /// <summary>The file; each tensor gets room for so many bytes.</summary>
    public byte[] Build(int bytesPerTensor = 128)
    {
        if (_tensors.Count == 0)
            _ = Tensor("output.weight", 0, 32);
        using MemoryStream stream = new();
        using BinaryWriter writer = new(stream);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write(TensorCount ?? (ulong)_tensors.Count);
        writer.Write(PairCount ?? (ulong)_pairs.Count);
        foreach ((string key, uint type, Action<BinaryWriter> value) in _pairs)
        {
            Write(writer, key);
            writer.Write(type);
            value(writer);
        }
        ulong offset = 0;
        foreach ((string name, ulong[] extents, uint type, ulong? at) in _tensors)
        {
            Write(writer, name);
            writer.Write((uint)extents.Length);
            foreach (ulong extent in extents)
                writer.Write(extent);
            writer.Write(type);
            writer.Write(at ?? offset);
            offset += ((ulong)bytesPerTensor + Alignment - 1) / Alignment * Alignment;
        }
        while (stream.Length % Alignment != 0)
            writer.Write((byte)0);
        for (ulong i = 0; i < offset; i++)
            writer.Write((byte)i);
        return stream.ToArray();
    }

    private static void Write(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }
}
