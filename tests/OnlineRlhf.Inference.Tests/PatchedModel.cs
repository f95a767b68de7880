using System.Buffers.Binary;
using System.Text;

namespace OnlineRlhf.Inference.Tests;

/// <summary>Copies of the demo model with something changed in their bytes.</summary>
internal static class PatchedModel
{
    /// <summary>The token of " rice".</summary>
    public const int Rice = 876;

    private const int HalfBlock = 34,
        BlocksOfARow = 192 / 32;
    private static readonly byte[] NotANumber = [0x00, 0x7E];

    private sealed record Tensor(string Name, byte[] Entry, ulong Offset);

    /// <summary>The demo model, as it is.</summary>
    public static byte[] Whole => File.ReadAllBytes(DemoModelFile.Path);

    /// <summary>The last norm is not a number, and so is whatever the model computes.</summary>
    public static byte[] WithoutNumbers()
    {
        byte[] model = Whole;
        (_, List<Tensor> tensors, int data) = Parse(model);
        int at = data + (int)tensors.Single(t => t.Name == "output_norm.weight").Offset;
        for (int i = 0; i < 192; i++)
            BinaryPrimitives.WriteSingleLittleEndian(model.AsSpan(at + (4 * i)), float.NaN);
        return model;
    }

    /// <summary>What the model knows of some tokens is not a number: it computes none either wherever one was read.</summary>
    public static byte[] Poisoned(params IEnumerable<int> tokens)
    {
        byte[] model = Whole;
        (_, List<Tensor> tensors, int data) = Parse(model);
        int embeddings = data + (int)tensors.Single(t => t.Name == "token_embd.weight").Offset;
        foreach (int token in tokens)
        {
            for (int block = 0; block < BlocksOfARow; block++)
                NotANumber.CopyTo(model, embeddings + (((token * BlocksOfARow) + block) * HalfBlock));
        }
        return model;
    }

    /// <summary>The number under a key of the header is another one.</summary>
    public static byte[] WithNumber(string key, uint value)
    {
        byte[] model = Whole;
        BinaryPrimitives.WriteUInt32LittleEndian(model.AsSpan(Find(model, key) + key.Length + 4), value);
        return model;
    }

    /// <summary>A key of the header has another name of the same length.</summary>
    public static byte[] Renamed(string key, string name)
    {
        byte[] model = Whole;
        Encoding.UTF8.GetBytes(name).CopyTo(model, Find(model, key));
        return model;
    }

    /// <summary>The header has one key more, with a whole number of 32 bits.</summary>
    public static byte[] With(string key, uint value)
    {
        byte[] model = Whole;
        (byte[] pairs, _, int data) = Parse(model);
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(model, 0, 24);
        Pair(writer, key, 4, w => w.Write(value));
        writer.Write(pairs);
        int table = 24 + pairs.Length,
            end = TableEnd(model);
        writer.Write(model, table, end - table);
        while (stream.Length % 32 != 0)
            writer.Write((byte)0);
        writer.Write(model, data, model.Length - data);
        byte[] longer = stream.ToArray();
        BinaryPrimitives.WriteUInt64LittleEndian(longer.AsSpan(16), BinaryPrimitives.ReadUInt64LittleEndian(model.AsSpan(16)) + 1);
        return longer;
    }

    /// <summary>The model in several files, as gguf-split writes them; returns the first.</summary>
    public static string Split(string folder, int parts, bool emptyFirst = false)
    {
        byte[] model = Whole;
        (byte[] pairs, List<Tensor> tensors, int data) = Parse(model);
        int filled = emptyFirst ? parts - 1 : parts,
            share = (tensors.Count + filled - 1) / filled;
        string first = "";
        for (int part = 0; part < parts; part++)
        {
            int from = emptyFirst ? part - 1 : part;
            List<Tensor> here = from < 0 ? [] : [.. tensors.Skip(from * share).Take(share)];
            string path = Path.Combine(folder, FormattableString.Invariant($"demo-{part + 1:D5}-of-{parts:D5}.gguf"));
            using var writer = new BinaryWriter(File.Create(path));
            writer.Write("GGUF"u8);
            writer.Write(3u);
            writer.Write((ulong)here.Count);
            writer.Write(part == 0 ? BinaryPrimitives.ReadUInt64LittleEndian(model.AsSpan(16)) + 3 : 3ul);
            if (part == 0)
                writer.Write(pairs);
            Pair(writer, "split.no", 2, w => w.Write((ushort)part));
            Pair(writer, "split.count", 2, w => w.Write((ushort)parts));
            Pair(writer, "split.tensors.count", 5, w => w.Write(tensors.Count));
            ulong start = here.Count > 0 ? here[0].Offset : 0;
            foreach (Tensor tensor in here)
            {
                writer.Write(tensor.Entry);
                writer.Write(tensor.Offset - start);
            }
            while (writer.BaseStream.Position % 32 != 0)
                writer.Write((byte)0);
            if (here.Count > 0)
            {
                int next = tensors.IndexOf(here[^1]) + 1,
                    end = next < tensors.Count ? data + (int)tensors[next].Offset : model.Length;
                writer.Write(model, data + (int)start, end - data - (int)start);
            }
            first = part == 0 ? path : first;
        }
        return first;
    }

    private static int TableEnd(byte[] model)
    {
        Tensor last = Parse(model).Tensors[^1];
        return model.AsSpan().IndexOf(last.Entry) + last.Entry.Length + 8;
    }

    private static int Find(byte[] model, string key) => model.AsSpan().IndexOf(Encoding.UTF8.GetBytes(key));

    private static void Pair(BinaryWriter writer, string key, uint type, Action<BinaryWriter> value)
    {
        writer.Write((ulong)key.Length);
        writer.Write(Encoding.UTF8.GetBytes(key));
        writer.Write(type);
        value(writer);
    }

    /// <summary>
    /// The key-value pairs as they stand in the file, the tensors with their entries up to the offset, and where their data begins.
    /// </summary>
    private static (byte[] Pairs, List<Tensor> Tensors, int Data) Parse(byte[] model)
    {
        int tensors = (int)BinaryPrimitives.ReadUInt64LittleEndian(model.AsSpan(8)),
            pairs = (int)BinaryPrimitives.ReadUInt64LittleEndian(model.AsSpan(16)),
            at = 24;
        for (int i = 0; i < pairs; i++)
        {
            _ = Text();
            uint type = Number();
            Skip(type);
        }
        byte[] header = model[24..at];
        List<Tensor> table = [];
        for (int i = 0; i < tensors; i++)
        {
            int start = at;
            string name = Text();
            int dimensions = (int)Number();
            at += 8 * dimensions;
            _ = Number();
            table.Add(new Tensor(name, model[start..at], BinaryPrimitives.ReadUInt64LittleEndian(model.AsSpan(at))));
            at += 8;
        }
        return (header, table, (at + 31) / 32 * 32);

        uint Number() => BinaryPrimitives.ReadUInt32LittleEndian(model.AsSpan((at += 4) - 4));

        string Text()
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(model.AsSpan(at));
            at += 8 + length;
            return Encoding.UTF8.GetString(model, at - length, length);
        }

        void Skip(uint type)
        {
            if (type == 8)
                _ = Text();
            else if (type == 9)
            {
                uint of = Number();
                ulong count = BinaryPrimitives.ReadUInt64LittleEndian(model.AsSpan(at));
                at += 8;
                for (ulong n = 0; n < count; n++)
                    Skip(of);
            }
            else
                at += type switch
                {
                    0 or 1 or 7 => 1,
                    2 or 3 => 2,
                    4 or 5 or 6 => 4,
                    _ => 8,
                };
        }
    }
}
