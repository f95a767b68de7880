using System.Globalization;

namespace OnlineRlhf.Inference.Gguf;

/// <summary>The table of tensors. Each entry is read and checked, and only the sums are kept.</summary>
/// <param name="Count">How many tensors there are.</param>
/// <param name="DataOffset">Where the tensors' data begins in the file.</param>
/// <param name="DataLength">How many bytes the data takes, up to the end of the last tensor.</param>
/// <param name="MainFormat">The format that takes the most bytes.</param>
internal readonly record struct TensorTable(int Count, long DataOffset, long DataLength, string MainFormat)
{
    private const int LongestName = 63,
        MostDimensions = 4;

    /// <exception cref="GgufFormatException">An entry contradicts itself, earlier entries, or the size of the file.</exception>
    public static TensorTable Read(GgufReader reader, int count, uint alignment)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        Dictionary<string, UInt128> formats = [];
        UInt128 next = 0,
            end = 0;
        for (int i = 0; i < count; i++)
        {
            string name = reader.ReadString(LongestName, $"the name of tensor {i + 1}");
            if (name.Length == 0 || name.Contains('\0'))
                throw GgufFormatException.Damaged($"tensor {i + 1} has no proper name");
            if (!names.Add(name))
                throw GgufFormatException.Damaged($"two tensors are called {Printable.Quoted(name)}");

            UInt128 bytes = ReadByteCount(reader, name, out TensorFormat format);
            formats[format.Name] = formats.GetValueOrDefault(format.Name) + bytes;
            ulong offset = reader.ReadUInt64();
            if (offset != next)
                throw GgufFormatException.Damaged(
                    string.Create(CultureInfo.InvariantCulture, $"tensor {Printable.Quoted(name)} begins at {offset:N0} where {next:N0} is expected")
                );
            end = next + bytes;
            next = Align(end, alignment);
            if (next > long.MaxValue)
                throw GgufFormatException.Damaged($"the tensors up to {Printable.Quoted(name)} are larger than any file");
        }

        if (count == 0)
            return new TensorTable(0, reader.Position, 0, "");
        UInt128 dataOffset = Align((UInt128)reader.Position, alignment);
        if (dataOffset + end > (UInt128)reader.FileLength)
            throw GgufReader.CutShort(
                string.Create(CultureInfo.InvariantCulture, $"{dataOffset + end:N0} bytes expected, {reader.FileLength:N0} found")
            );
        return new TensorTable(count, (long)dataOffset, (long)end, formats.MaxBy(f => f.Value).Key);
    }

    private static UInt128 ReadByteCount(GgufReader reader, string name, out TensorFormat format)
    {
        uint dimensions = reader.ReadUInt32();
        if (dimensions is 0 or > MostDimensions)
            throw GgufFormatException.Damaged($"tensor {Printable.Quoted(name)} has {dimensions} dimensions, 1 to {MostDimensions} are possible");

        UInt128 elements = 1;
        ulong row = 0;
        for (int i = 0; i < dimensions; i++)
        {
            ulong extent = reader.ReadUInt64();
            row = i == 0 ? extent : row;
            elements = extent > long.MaxValue ? 0 : elements * extent;
            if (elements == 0 || elements > long.MaxValue)
                throw GgufFormatException.Damaged(
                    string.Create(CultureInfo.InvariantCulture, $"dimension {i + 1} of tensor {Printable.Quoted(name)} is impossible ({extent:N0})")
                );
        }

        uint type = reader.ReadUInt32();
        if (!TensorFormat.TryFind(type, out format))
            throw new GgufFormatException(
                ModelFileError.Unsupported,
                $"tensor {Printable.Quoted(name)} has the unknown type {TensorFormat.NameOfUnknown(type)}",
                "Use a file in a current format such as Q4_K_M or Q8_0, "
                    + "or a newer version of this program; or the file is damaged: download it again."
            );
        if (row % (ulong)format.BlockLength != 0)
            throw GgufFormatException.Damaged(
                $"the rows of tensor {Printable.Quoted(name)} have {row} numbers, no multiple of the {format.BlockLength} in a block of {format.Name}"
            );
        return elements / (ulong)format.BlockLength * (ulong)format.BlockBytes;
    }

    private static UInt128 Align(UInt128 position, uint alignment) => (position + alignment - 1) / alignment * alignment;
}
