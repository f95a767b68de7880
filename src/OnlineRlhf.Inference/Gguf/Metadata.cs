using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace OnlineRlhf.Inference.Gguf;

/// <summary>The key-value pairs of a header. All are read and checked. Only single numbers and the few strings that are needed are kept.</summary>
internal sealed class Metadata
{
    private const int LongestKey = 65_535;
    private const uint String = 8,
        Array = 9;
    private const ulong LargestArray = 1 << 30,
        LargestVocabulary = 1 << 24;
    private const string Tokens = "tokenizer.ggml.tokens",
        TagList = "general.tags";
    private const int MostTags = 256,
        LongestTag = 256;

    private static readonly HashSet<string> KeptTexts =
    [
        "general.architecture",
        "general.name",
        "general.type",
        "tokenizer.chat_template",
        "tokenizer.ggml.model",
    ];

    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ulong> _integers = new(StringComparer.Ordinal);
    private readonly List<string> _tags = [];

    /// <summary>How many tokens the vocabulary in the file has; 0 if there is none.</summary>
    public int VocabularySize { get; private set; }

    /// <summary>What the model is for, according to its makers: tags of Hugging Face.</summary>
    public IReadOnlyList<string> Tags => _tags;

    /// <summary>The tensor data and each tensor begin at a multiple of this number.</summary>
    public uint Alignment { get; private set; } = 32;

    /// <exception cref="GgufFormatException">A pair is malformed or occurs twice.</exception>
    public static Metadata Read(GgufReader reader, int count)
    {
        Metadata metadata = new();
        HashSet<ulong> keys = [];
        for (int i = 0; i < count; i++)
        {
            string key = reader.ReadString(LongestKey, $"key {i + 1}");
            if (key.Length == 0)
                throw GgufFormatException.Damaged($"key {i + 1} is empty");
            if (!keys.Add(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(key))))
                throw GgufFormatException.Damaged($"the key {Printable.Quoted(key)} occurs twice");
            metadata.ReadValue(reader, key);
        }
        return metadata;
    }

    /// <summary>A string; null if the file has no string with that key.</summary>
    public string? Text(string key) => _texts.GetValueOrDefault(key);

    /// <summary>A whole number; null if the file has no whole number with that key. A negative number becomes huge, and true is 1.</summary>
    public ulong? Integer(string key) => _integers.TryGetValue(key, out ulong value) ? value : null;

    /// <summary>A whole number from 1 to 2³¹ − 1; null if the file has no whole number with that key.</summary>
    public int? Positive(string key)
    {
        ulong? value = Integer(key);
        if (value is 0 or > int.MaxValue)
            throw GgufFormatException.Damaged($"{Printable.Quoted(key)} is impossible ({value})");
        return (int?)value;
    }

    private void ReadValue(GgufReader reader, string key)
    {
        uint type = reader.ReadUInt32();
        if (type == Array)
        {
            if (KeptTexts.Contains(key) || key == "general.alignment")
                throw WrongType(key);
            ReadArray(reader, key);
        }
        else if (type == String)
        {
            if (key == "general.alignment")
                throw WrongType(key);
            if (KeptTexts.Contains(key))
                _texts[key] = reader.ReadString(GgufReader.LongestText, Printable.Quoted(key));
            else
                reader.Skip(reader.ReadUInt64());
        }
        else if (KeptTexts.Contains(key))
            throw WrongType(key);
        else
            ReadNumber(reader, key, type);
    }

    private void ReadNumber(GgufReader reader, string key, uint type)
    {
        ReadOnlySpan<byte> bytes = reader.Take(SizeOf(type, key));
        ulong? value = type switch
        {
            0 or 7 => bytes[0],
            1 => Signed((sbyte)bytes[0]),
            2 => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
            3 => Signed(BinaryPrimitives.ReadInt16LittleEndian(bytes)),
            4 => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            5 => Signed(BinaryPrimitives.ReadInt32LittleEndian(bytes)),
            10 => BinaryPrimitives.ReadUInt64LittleEndian(bytes),
            11 => Signed(BinaryPrimitives.ReadInt64LittleEndian(bytes)),
            6 => Checked(BinaryPrimitives.ReadSingleLittleEndian(bytes), key),
            12 => Checked(BinaryPrimitives.ReadDoubleLittleEndian(bytes), key),
            _ => null,
        };
        if (key == "general.alignment")
        {
            if (type != 4)
                throw WrongType(key);
            Alignment = (uint)value!.Value;
            if (!System.Numerics.BitOperations.IsPow2(Alignment))
                throw GgufFormatException.Damaged($"the alignment {Alignment} is no power of two");
        }
        if (value is { } integer && key.Length <= 128)
            _integers[key] = integer;

        // Fractions are not needed later. Only check that llama.cpp can compute with them.
        static ulong? Checked(double number, string key) =>
            double.IsNaN(number) || (number < 0 && key.EndsWith("_epsilon", StringComparison.Ordinal))
                ? throw GgufFormatException.Damaged($"the value of {Printable.Quoted(key)} is no usable number")
                : null;

        // No key may have a negative number. As an unsigned one it is too large, and so it is refused wherever it is used.
        static ulong Signed(long number) => unchecked((ulong)number);
    }

    private void ReadArray(GgufReader reader, string key)
    {
        uint type = reader.ReadUInt32();
        ulong count = reader.ReadUInt64();
        if (type == Array)
            throw new GgufFormatException(
                ModelFileError.Unsupported,
                $"{Printable.Quoted(key)} is an array of arrays, which llama.cpp does not read"
            );
        if (count > LargestArray || (key == Tokens && count > LargestVocabulary))
            throw GgufFormatException.Damaged(string.Create(CultureInfo.InvariantCulture, $"{Printable.Quoted(key)} claims {count:N0} entries"));
        ulong least = type == String ? sizeof(ulong) : (ulong)SizeOf(type, key);
        reader.Require(count * least);

        if (key == Tokens)
        {
            if (type != String)
                throw WrongType(key);
            ReadTokens(reader, (int)count);
        }
        else if (type == String)
            for (ulong i = 0; i < count; i++)
                ReadText(reader, key);
        else
            reader.Skip(count * least);
    }

    /// <summary>Keeps tags of a usual length, and skips every other text.</summary>
    private void ReadText(GgufReader reader, string key)
    {
        ulong length = reader.ReadUInt64();
        if (key != TagList || length > LongestTag || _tags.Count == MostTags)
            reader.Skip(length);
        else
            _tags.Add(Encoding.UTF8.GetString(reader.Take((int)length)));
    }

    /// <summary>Checks by hashes that no token occurs twice, because llama.cpp then ends the whole process.</summary>
    private void ReadTokens(GgufReader reader, int count)
    {
        ulong[] hashes = new ulong[count];
        for (int i = 0; i < count; i++)
            hashes[i] = reader.ReadStringHash();
        System.Array.Sort(hashes);
        for (int i = 1; i < count; i++)
            if (hashes[i] == hashes[i - 1] && hashes[i] != 0)
                throw GgufFormatException.Damaged("the vocabulary has the same token twice");
        VocabularySize = count;
    }

    private static int SizeOf(uint type, string key) =>
        type switch
        {
            0 or 1 or 7 => 1,
            2 or 3 => 2,
            4 or 5 or 6 => 4,
            10 or 11 or 12 => 8,
            _ => throw GgufFormatException.Damaged($"the value of {Printable.Quoted(key)} has the unknown type {type}"),
        };

    private static GgufFormatException WrongType(string key) =>
        GgufFormatException.Damaged($"the value of {Printable.Quoted(key)} has the wrong type");
}
