using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Inference.Gguf;

/// <summary>One file of a model. Most models are a single file.</summary>
/// <param name="Path">The path of the file.</param>
/// <param name="Stamp">The file's stamp from when it was opened; null if nobody can change the file.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Table">Its tensors.</param>
/// <param name="Fingerprint">Identifies the file.</param>
internal sealed record ModelPart(string Path, FileStamp? Stamp, long Length, TensorTable Table, string Fingerprint)
{
    private const ulong MostParts = 99_999;

    /// <summary>How many parts a model has. The path leads to its first part, or to its only file.</summary>
    /// <exception cref="GgufFormatException">The file is a later part, or has a name by which llama.cpp does not find the other parts.</exception>
    internal static int Count(Metadata first, string path)
    {
        ulong count = first.Integer("split.count") ?? 1,
            number = first.Integer("split.no") ?? 0;
        if (count <= 1)
            return 1;
        if (count > MostParts)
            throw GgufFormatException.Damaged($"the model claims to have {count} parts");
        if (number != 0)
            throw new GgufFormatException(
                ModelFileError.Unsupported,
                $"this is part {number + 1} of the {count} parts of a split model",
                $"Give the path of the first part, which ends in {Ending(0, (int)count)}."
            );
        if (!path.EndsWith(Ending(0, (int)count), StringComparison.Ordinal))
            throw new GgufFormatException(
                ModelFileError.Unsupported,
                $"this is the first of the {count} parts of a split model under another name",
                $"Give the parts the names that they had, which end in {Ending(0, (int)count)} and so on."
            );
        return (int)count;
    }

    /// <summary>Reads the parts after the first, which have the names that gguf-split gives: NAME-00002-of-00003.gguf.</summary>
    /// <exception cref="GgufFormatException">A part is missing or damaged.</exception>
    internal static IEnumerable<ModelPart> Others(string first, int count) =>
        Enumerable.Range(1, count - 1).Select(part => Read(first[..^Ending(0, count).Length] + Ending(part, count), part, count));

    /// <summary>The fingerprint of a model of several parts.</summary>
    internal static string Join(IEnumerable<string> fingerprints)
    {
        var hash = new XxHash128();
        foreach (string fingerprint in fingerprints)
            hash.Append(Encoding.ASCII.GetBytes(fingerprint));
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    internal static FileStamp? StampOf(string path) => FileStamp.IsAnonymous(path) ? null : FileStamp.Of(path);

    private static ModelPart Read(string path, int part, int count)
    {
        string which = string.Create(
            CultureInfo.InvariantCulture,
            $"part {part + 1} of {count} ({Printable.Line(System.IO.Path.GetFileName(path), 300)})"
        );
        try
        {
            FileStamp? stamp = StampOf(path);
            GgufFile.RequireRegularFile(path);
            using SafeFileHandle file = File.OpenHandle(path);
            var reader = new GgufReader(file, RandomAccess.GetLength(file));
            _ = GgufFile.ReadVersion(reader);
            int tensors = GgufFile.ReadCount(reader, GgufFile.SmallestTensor, "tensors");
            Metadata metadata = Metadata.Read(reader, GgufFile.ReadCount(reader, GgufFile.SmallestPair, "keys"));
            if (metadata.Integer("split.no") != (ulong)part || metadata.Integer("split.count") != (ulong)count)
                throw GgufFormatException.Damaged("it belongs to another model, or to another place in this one");
            TensorTable table = TensorTable.Read(reader, tensors, metadata.Alignment);
            return new ModelPart(path, stamp, reader.FileLength, table, ModelFingerprint.Finish(reader.FinishHash(), file, table, reader.FileLength));
        }
        catch (GgufFormatException e)
        {
            throw new GgufFormatException(e.Reason, $"{which}: {e.Message}", e.Advice);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new GgufFormatException(ModelFileError.NotFound, $"{which} is missing", "Download all parts into one folder.");
        }
        catch (UnauthorizedAccessException)
        {
            throw new GgufFormatException(ModelFileError.Unreadable, $"{which}: permission denied");
        }
    }

    private static string Ending(int part, int count) => string.Create(CultureInfo.InvariantCulture, $"-{part + 1:D5}-of-{count:D5}.gguf");
}
