using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace OnlineRlhf.Storage.Layout;

/// <summary>XxHash3 over the fields of a document, little endian, one after the other.</summary>
internal readonly struct Checksum()
{
    private readonly XxHash3 _hash = new();

    /// <summary>The checksum as BSON keeps it.</summary>
    public long Value => unchecked((long)_hash.GetCurrentHashAsUInt64());

    /// <summary>Adds an integer.</summary>
    public Checksum Add(long value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return Add(bytes);
    }

    /// <summary>Adds a number, by its bits.</summary>
    public Checksum Add(double value) => Add(BitConverter.DoubleToInt64Bits(value));

    /// <summary>Adds a text with its length.</summary>
    public Checksum Add(string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        return Add((long)bytes.Length).Add(bytes);
    }

    /// <summary>Adds an id.</summary>
    public Checksum Add(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        _ = value.TryWriteBytes(bytes);
        return Add(bytes);
    }

    /// <summary>Adds bytes.</summary>
    public Checksum Add(ReadOnlySpan<byte> value)
    {
        _hash.Append(value);
        return this;
    }
}
