using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Inference.Gguf;

/// <summary>Reads the header of a file forwards through one small buffer, never beyond the end of the file, and hashes what it reads.</summary>
internal sealed class GgufReader(SafeFileHandle file, long fileLength)
{
    /// <summary>The longest string that is kept, in bytes. Chat templates of today's models are far shorter.</summary>
    public const int LongestText = 1 << 20;

    /// <summary>The longest header that is read. The largest vocabularies take about 20 MB, so a longer header means damage.</summary>
    private const long LongestHeader = 256 << 20;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly XxHash128 _hash = new();
    private long _bufferStart;
    private int _next,
        _filled;

    /// <summary>How many bytes were read so far.</summary>
    public long Position => _bufferStart + _next;

    public long FileLength => fileLength;

    /// <summary>How many bytes follow until the end of the file.</summary>
    public long Remaining => fileLength - Position;

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>The next bytes, at most the size of the buffer. They are valid until the next call.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        Require((ulong)count);
        if (_filled - _next < count)
            Fill(count);
        ReadOnlySpan<byte> taken = _buffer.AsSpan(_next, count);
        _next += count;
        return taken;
    }

    /// <summary>Goes back to a position within the bytes of the last call.</summary>
    public void Rewind(long position) => _next = (int)(position - _bufferStart);

    /// <summary>Skips bytes, but still hashes them.</summary>
    public void Skip(ulong count)
    {
        Require(count);
        while (count > 0)
        {
            int part = (int)Math.Min(count, (ulong)_buffer.Length);
            _ = Take(part);
            count -= (ulong)part;
        }
    }

    /// <summary>Reads a string that follows its length.</summary>
    /// <param name="longest">The most bytes that are accepted, at most <see cref="LongestText"/>.</param>
    /// <param name="what">What the string is, for the message.</param>
    public string ReadString(int longest, string what)
    {
        ulong length = ReadUInt64();
        Require(length);
        if (length > (ulong)longest)
            throw GgufFormatException.Damaged(string.Create(CultureInfo.InvariantCulture, $"{what} is {length:N0} bytes long, {longest:N0} at most"));
        if (length <= (ulong)_buffer.Length)
            return Encoding.UTF8.GetString(Take((int)length));

        byte[] bytes = new byte[length];
        for (int done = 0; done < bytes.Length; )
        {
            int part = Math.Min(bytes.Length - done, _buffer.Length);
            Take(part).CopyTo(bytes.AsSpan(done));
            done += part;
        }
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>The hash of a string that follows its length. Like C, it stops at a zero byte. 0 for an empty string.</summary>
    public ulong ReadStringHash()
    {
        ulong length = ReadUInt64();
        Require(length);
        if (length > (ulong)_buffer.Length)
        {
            // No real vocabulary has such a long token. Skip it in pieces and count it as unique.
            ulong place = (ulong)Position;
            Skip(length);
            return place | 1UL << 63;
        }
        ReadOnlySpan<byte> text = Take((int)length);
        int zero = text.IndexOf((byte)0);
        text = zero < 0 ? text : text[..zero];
        return text.IsEmpty ? 0 : XxHash3.HashToUInt64(text);
    }

    /// <summary>The hash of everything up to the position. The caller continues it.</summary>
    public XxHash128 FinishHash()
    {
        _hash.Append(_buffer.AsSpan(0, _next));
        _bufferStart += _next;
        _buffer.AsSpan(_next, _filled - _next).CopyTo(_buffer);
        _filled -= _next;
        _next = 0;
        return _hash;
    }

    /// <summary>Refuses a length or a count that the rest of the file cannot hold.</summary>
    public void Require(ulong count)
    {
        if (count > (ulong)Remaining)
            throw CutShort(
                string.Create(CultureInfo.InvariantCulture, $"at least {(UInt128)Position + count:N0} bytes expected, {fileLength:N0} found")
            );
        if (count > (ulong)(LongestHeader - Position))
            throw GgufFormatException.Damaged(
                string.Create(CultureInfo.InvariantCulture, $"its header claims to be longer than {LongestHeader:N0} bytes")
            );
    }

    public static GgufFormatException CutShort(string numbers) => GgufFormatException.Damaged($"the file is cut short or damaged ({numbers})");

    private void Fill(int count)
    {
        _ = FinishHash();
        while (_filled < count)
        {
            int read = RandomAccess.Read(file, _buffer.AsSpan(_filled), _bufferStart + _filled);
            if (read == 0)
                throw CutShort(
                    string.Create(CultureInfo.InvariantCulture, $"{fileLength:N0} bytes expected, {_bufferStart + _filled:N0} could be read")
                );
            _filled += read;
        }
    }
}
