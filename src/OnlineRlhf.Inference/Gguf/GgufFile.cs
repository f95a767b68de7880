using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Inference.Gguf;

/// <summary>
/// What a GGUF file says about its model. A file that opens has passed every check that keeps the native loader from reading outside of it.
/// </summary>
/// <remarks>
/// Reads the header once through a buffer of 64 KiB, and at most 1 MiB of the weights. So time and memory do not depend on the size of the weights.
/// The format follows gguf.h and gguf.cpp of ggml 0.25.1. Files that this loader refuses are refused here too, but with a clear message. The file is
/// closed when <see cref="Open"/> returns.
/// </remarks>
public sealed class GgufFile
{
    private const uint Magic = 0x46554747,
        OldestVersion = 2,
        NewestVersion = 3;
    internal const int SmallestPair = 14,
        SmallestTensor = 33;
    private const int MostEntries = 1 << 16;
    private readonly ModelPart[] _parts;

    private GgufFile(GgufReader reader, SafeFileHandle file, string path, FileStamp? stamp)
    {
        uint version = ReadVersion(reader);
        int tensors = ReadCount(reader, SmallestTensor, "tensors");
        int pairs = ReadCount(reader, SmallestPair, "keys");
        Metadata metadata = Metadata.Read(reader, pairs);
        int parts = ModelPart.Count(metadata, path);
        RequireModel(metadata, tensors, parts);

        Version = (int)version;
        Architecture = metadata.Text("general.architecture") ?? throw Missing("general.architecture");
        EmbeddingModel.Refuse(metadata, Architecture);
        Name = metadata.Text("general.name");
        ChatTemplate = metadata.Text("tokenizer.chat_template");
        VocabularySize = metadata.VocabularySize;
        ContextLength = Required(metadata, "context_length");
        EmbeddingLength = Required(metadata, "embedding_length");
        BlockCount = Required(metadata, "block_count");
        NativeLimits.Require(metadata, Architecture);
        // If the number differs between layers, or the architecture has none, assume the largest possible value.
        int heads = Optional(metadata, "attention.head_count") ?? 1,
            keyHeads = Optional(metadata, "attention.head_count_kv") ?? heads;
        int ofOneHead = Math.Max(EmbeddingLength / heads, 1);
        CacheWidth =
            (long)keyHeads
            * ((Optional(metadata, "attention.key_length") ?? ofOneHead) + (Optional(metadata, "attention.value_length") ?? ofOneHead));
        RecurrentStateBytes = RecurrentState.BytesOf(key => Optional(metadata, key), EmbeddingLength, BlockCount, heads);
        FeedForwardLength = Optional(metadata, "feed_forward_length") ?? 4 * EmbeddingLength;

        TensorTable table = TensorTable.Read(reader, tensors, metadata.Alignment);
        string fingerprint = ModelFingerprint.Finish(reader.FinishHash(), file, table, reader.FileLength);
        _parts = [new ModelPart(path, stamp, reader.FileLength, table, fingerprint), .. ModelPart.Others(path, parts)];
        DataOffset = table.DataOffset;
        FileLength = _parts.Sum(p => p.Length);
        TensorCount = _parts.Sum(p => p.Table.Count);
        WeightBytes = _parts.Sum(p => p.Table.DataLength);
        Quantisation = _parts.MaxBy(p => p.Table.DataLength)!.Table.MainFormat;
        Fingerprint = parts == 1 ? fingerprint : ModelPart.Join(_parts.Select(p => p.Fingerprint));
        if (parts > 1 && metadata.Integer("split.tensors.count") is { } expected && expected != (ulong)TensorCount)
            throw GgufFormatException.Damaged($"its parts hold {TensorCount} tensors where {expected} are expected");
    }

    /// <summary>The version of the file format, 2 or 3.</summary>
    public int Version { get; }

    /// <summary>The model's architecture, as llama.cpp names it. Only llama.cpp can say whether it supports it.</summary>
    public string Architecture { get; }

    /// <summary>The model's name; null if the file has none.</summary>
    public string? Name { get; }

    /// <summary>The longest context that the model was trained for, in tokens.</summary>
    public int ContextLength { get; }

    /// <summary>The length of a hidden state, in numbers.</summary>
    public int EmbeddingLength { get; }

    /// <summary>How many layers the model has.</summary>
    public int BlockCount { get; }

    /// <summary>How many tokens the vocabulary has.</summary>
    public int VocabularySize { get; }

    /// <summary>The chat template in the file, in Jinja; null if the file has none.</summary>
    public string? ChatTemplate { get; }

    /// <summary>How many files the model is split into; 1 for most models.</summary>
    public int Parts => _parts.Length;

    /// <summary>The length of the file in bytes, or of all parts together.</summary>
    public long FileLength { get; }

    /// <summary>How many tensors the file holds.</summary>
    public int TensorCount { get; }

    /// <summary>Where the weights begin, in bytes from the start of the file.</summary>
    public long DataOffset { get; }

    /// <summary>How many bytes the weights take.</summary>
    public long WeightBytes { get; }

    /// <summary>The format of most of the weights, such as Q4_K.</summary>
    public string Quantisation { get; }

    /// <summary>How many bytes of state a recurrent or hybrid model keeps for one sequence, in all layers; 0 for other models.</summary>
    public long RecurrentStateBytes { get; }

    /// <summary>How many numbers of keys and values each layer keeps for each token.</summary>
    public long CacheWidth { get; }

    /// <summary>The width of a layer's feed-forward part.</summary>
    public int FeedForwardLength { get; }

    /// <summary>
    /// 32 hexadecimal digits that identify the model. They do not depend on the path, and are computed without reading the whole file.
    /// </summary>
    public string Fingerprint { get; }

    /// <summary>Checks a file and reads what it says about its model.</summary>
    /// <param name="path">The file; symbolic links are followed.</param>
    /// <exception cref="ModelFileException">The file cannot be used. The reason and the message say why.</exception>
    public static GgufFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            // Take the stamp before reading, so that every later write is noticed.
            FileStamp? stamp = ModelPart.StampOf(path);
            RequireRegularFile(path);
            using SafeFileHandle file = File.OpenHandle(path);
            return new GgufFile(new GgufReader(file, RandomAccess.GetLength(file)), file, path, stamp);
        }
        catch (GgufFormatException refusal)
        {
            throw new ModelFileException(refusal.Reason, path, refusal.Message, refusal.Advice ?? AdviceFor(refusal.Reason), refusal);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFileException(ModelFileError.NotFound, path, "there is no such file", AdviceFor(ModelFileError.NotFound), failure);
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new ModelFileException(ModelFileError.Unreadable, path, "permission denied", AdviceFor(ModelFileError.Unreadable), failure);
        }
        catch (Exception failure) when (failure is IOException or NotSupportedException)
        {
            throw new ModelFileException(
                ModelFileError.Unreadable,
                path,
                $"the file cannot be read ({Printable.Line(failure.Message, 200)})",
                "Check the disk and the path.",
                failure
            );
        }
    }

    /// <summary>
    /// Checks that the file and its parts are still the ones that were opened. llama.cpp maps the weights and reads them all the time, so a changed
    /// file changes the model, and a file that was cut ends the process.
    /// </summary>
    /// <exception cref="InferenceException">The file was changed, replaced or removed.</exception>
    internal void RequireUnchanged()
    {
        foreach (ModelPart part in _parts)
        {
            if (part.Stamp is { } stamp && FileStamp.Of(part.Path) != stamp)
                throw new InferenceException(
                    InferenceError.ModelChanged,
                    $"{Printable.Line(part.Path, 4096)} was changed, replaced or removed while it was served: start the daemon again, to read it."
                );
        }
    }

    /// <summary>Refuses pipes, sockets and devices, which have length 0, before they are opened. Opening a pipe would wait for a writer.</summary>
    internal static void RequireRegularFile(string path)
    {
        FileSystemInfo? target = File.ResolveLinkTarget(path, returnFinalTarget: true);
        // The kernel's links to anonymous files (/proc/self/fd) name no path, but can be opened. They are never pipes here.
        if (target is { Exists: false } && File.Exists(path))
            return;
        FileInfo info = new(target?.FullName ?? path);
        if (Directory.Exists(info.FullName))
            throw new GgufFormatException(ModelFileError.NotAGguf, "this is a directory", "Give the path of the .gguf file itself.");
        if (!info.Exists)
            throw new FileNotFoundException(null, path);
        if (info.Length == 0)
            throw new GgufFormatException(ModelFileError.NotAGguf, "the file is empty, or no regular file");
    }

    internal static uint ReadVersion(GgufReader reader)
    {
        ReadOnlySpan<byte> start = reader.Take((int)Math.Min(reader.Remaining, 24));
        uint magic = start.Length < 4 ? 0 : System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(start);
        if (magic != Magic)
        {
            (string what, string advice) = ForeignFile.Describe(start);
            throw new GgufFormatException(ModelFileError.NotAGguf, what, advice);
        }
        reader.Rewind(4);
        uint version = reader.ReadUInt32();
        if (version == 1)
            throw new GgufFormatException(
                ModelFileError.Unsupported,
                "GGUF version 1 is no longer read by llama.cpp",
                "Download or convert the model again, in GGUF version 3."
            );
        if (version != 0 && (version & 0xFFFF) == 0)
            throw new GgufFormatException(
                ModelFileError.Unsupported,
                "this GGUF file is in big-endian byte order",
                "Download the little-endian file of the same model."
            );
        if (version is < OldestVersion or > NewestVersion)
            throw new GgufFormatException(
                ModelFileError.Unsupported,
                $"GGUF version {version} is not known, {OldestVersion} and {NewestVersion} are",
                "Use a newer version of this program; or the file is damaged: download it again."
            );
        return version;
    }

    /// <summary>Reads a count. It is refused if the rest of the file has no room for that many entries.</summary>
    internal static int ReadCount(GgufReader reader, int smallest, string what)
    {
        ulong count = reader.ReadUInt64();
        if (count > MostEntries)
            throw GgufFormatException.Damaged(
                string.Create(CultureInfo.InvariantCulture, $"the file claims {count:N0} {what}, {MostEntries:N0} at most")
            );
        reader.Require(count * (ulong)smallest);
        return (int)count;
    }

    private static void RequireModel(Metadata metadata, int tensors, int parts)
    {
        if (metadata.Text("general.type") is ("adapter" or "imatrix" or "mmproj" or "vocab") and { } type)
            throw new GgufFormatException(
                ModelFileError.Unsupported,
                $"the file holds no language model but a part for one (general.type {Printable.Quoted(type)})"
            );
        if (tensors == 0 && parts == 1)
            throw new GgufFormatException(ModelFileError.Unsupported, "the file holds no weights, only a vocabulary or a description");
        if (metadata.VocabularySize == 0)
            throw new GgufFormatException(ModelFileError.Unsupported, "the model has no vocabulary of its own (tokenizer.ggml.tokens)");
    }

    private int Required(Metadata metadata, string key) => metadata.Positive($"{Architecture}.{key}") ?? throw Missing($"{Architecture}.{key}");

    /// <summary>A number from 1 to 2³¹ − 1; null if it is missing, or if the file has one for each layer.</summary>
    private int? Optional(Metadata metadata, string key) =>
        metadata.Integer($"{Architecture}.{key}") is > 0 and <= int.MaxValue and { } value ? (int)value : null;

    private static GgufFormatException Missing(string key) => GgufFormatException.Damaged($"the key {Printable.Quoted(key)} is missing");

    private static string AdviceFor(ModelFileError reason) =>
        reason switch
        {
            ModelFileError.NotFound => "Check the path.",
            ModelFileError.NotAGguf or ModelFileError.Unsupported => "Give the path of a language model in GGUF format.",
            ModelFileError.Damaged => "Download the file again and compare its size or checksum with the source.",
            ModelFileError.Unreadable => "Make the file readable for the user that runs this program.",
        };
}
