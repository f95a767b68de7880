using System.Runtime.InteropServices;
using System.Text;

namespace OnlineRlhf.Inference.Tests;

/// <summary>Writes GGUF files whose tensors are 32-bit numbers.</summary>
internal sealed class GgufWriter
{
    internal const int Alignment = 32,
        Normal = 1,
        Control = 3,
        UserDefined = 4;
    private const uint TypeNumber = 4,
        TypeSigned = 5,
        TypeReal = 6,
        TypeBool = 7,
        TypeText = 8,
        TypeList = 9;
    private readonly string _architecture;
    private readonly List<Action<BinaryWriter>> _pairs = [];
    private readonly List<(string Name, int[] Extents, float[] Values)> _tensors = [];

    internal GgufWriter(string architecture, string name)
    {
        _architecture = architecture;
        Text("general.architecture", architecture);
        Text("general.name", name);
    }

    /// <summary>A token for each byte, as GPT-2's vocabularies write it: a printable character.</summary>
    internal static IEnumerable<string> Bytes => Enumerable.Range(0, 256).Select(ByteLevel);

    /// <summary>A number that belongs to the architecture.</summary>
    internal void Number(string key, int value) => Pair($"{_architecture}.{key}", TypeNumber, w => w.Write(value));

    internal void Numbers(string key, params int[] values) => List($"{_architecture}.{key}", TypeSigned, values, (w, value) => w.Write(value));

    internal void Real(string key, float value) => Pair($"{_architecture}.{key}", TypeReal, w => w.Write(value));

    internal void Vocabulary(IReadOnlyList<string> tokens, IReadOnlyList<int> types, int end, string? template)
    {
        Text("tokenizer.ggml.model", "gpt2");
        Text("tokenizer.ggml.pre", "gpt-2");
        List("tokenizer.ggml.tokens", TypeText, tokens, String);
        List("tokenizer.ggml.merges", TypeText, ["Ċ Ċ"], String);
        List("tokenizer.ggml.token_type", TypeSigned, types, (w, type) => w.Write(type));
        Pair("tokenizer.ggml.eos_token_id", TypeNumber, w => w.Write(end));
        Pair("tokenizer.ggml.add_bos_token", TypeBool, w => w.Write(false));
        if (template is not null)
            Text("tokenizer.chat_template", template);
    }

    internal void Tensor(string name, int[] extents, float[] values) => _tensors.Add((name, extents, values));

    internal void Save(string path)
    {
        using var writer = new BinaryWriter(File.Create(path));
        writer.Write("GGUF"u8);
        writer.Write(3);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_pairs.Count);
        _pairs.ForEach(write => write(writer));
        long offset = 0;
        foreach ((string name, int[] extents, float[] values) in _tensors)
        {
            String(writer, name);
            writer.Write(extents.Length);
            foreach (int extent in extents)
                writer.Write((ulong)extent);
            writer.Write(0);
            writer.Write((ulong)offset);
            offset += Aligned(values.Length * sizeof(float));
        }
        foreach ((_, _, float[] values) in _tensors)
        {
            Align(writer);
            writer.Write(MemoryMarshal.AsBytes(values.AsSpan()));
        }
        Align(writer);
    }

    private void Text(string key, string value) => Pair(key, TypeText, w => String(w, value));

    private void Pair(string key, uint type, Action<BinaryWriter> value) =>
        _pairs.Add(writer =>
        {
            String(writer, key);
            writer.Write(type);
            value(writer);
        });

    private void List<T>(string key, uint type, IReadOnlyList<T> values, Action<BinaryWriter, T> write) =>
        Pair(
            key,
            TypeList,
            writer =>
            {
                writer.Write(type);
                writer.Write((ulong)values.Count);
                foreach (T value in values)
                    write(writer, value);
            }
        );

    private static void String(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static long Aligned(long length) => (length + Alignment - 1) / Alignment * Alignment;

    private static void Align(BinaryWriter writer)
    {
        writer.Flush();
        long length = writer.BaseStream.Length;
        writer.Write(new byte[Aligned(length) - length]);
    }

    private static string ByteLevel(int value)
    {
        static bool IsPrintable(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return IsPrintable(value) ? ((char)value).ToString() : ((char)(256 + Enumerable.Range(0, value).Count(b => !IsPrintable(b)))).ToString();
    }
}
