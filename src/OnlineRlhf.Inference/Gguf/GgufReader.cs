using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Inference.Gguf;

/// <summary>Reads the header of a file forwards through one small buffer, never past the end of the file, and hashes what it has read.</summary>
internal sealed class GgufReader(SafeFileHandle file, long fileLength)
{
    /// <summary>The longest string that is kept, in bytes; the chat templates of today's models stay far below it.</summary>
    public const int LongestText = 1 << 20;

    /// <summary>The longest header that is read: the largest vocabularies take some 20 MB, so a longer one is damage.</summary>
    private const long LongestHeader = 256 << 20;

    private readonly byte[] _buffer = new byte[64 * 1024];
    private readonly XxHash128 _hash = new();
    private long _bufferStart;
    private int _next,
        _filled;

    /// <summary>Bytes read so far.</summary>
    public long Position => _bufferStart + _next;

    public long FileLength => fileLength;

    /// <summary>Bytes between the position and the end of the file.</summary>
    public long Remaining => fileLength - Position;

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>The next bytes, at most the size of the buffer; they are valid until the next call.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        Require((ulong)count);
        if (_filled - _next < count)
            Fill(count);
        ReadOnlySpan<byte> taken = _buffer.AsSpan(_next, count);
        _next += count;
        return taken;
    }

    /// <summary>Goes back to a position in what the last call has taken.</summary>
    public void Rewind(long position) => _next = (int)(position - _bufferStart);

    /// <summary>Passes over bytes without looking at them; they are hashed all the same.</summary>
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

    /// <summary>A string with its length before it.</summary>
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

    /// <summary>A hash of a string with its length before it, up to a zero byte, where C ends it; 0 for an empty one.</summary>
    public ulong ReadStringHash()
    {
        ulong length = ReadUInt64();
        Require(length);
        if (length > (ulong)_buffer.Length)
        {
            // No vocabulary has such a token; it is passed over in pieces and counts as one of a kind.
            ulong place = (ulong)Position;
            Skip(length);
            return place | 1UL << 63;
        }
        ReadOnlySpan<byte> text = Take((int)length);
        int zero = text.IndexOf((byte)0);
        text = zero < 0 ? text : text[..zero];
        return text.IsEmpty ? 0 : XxHash3.HashToUInt64(text);
    }

    /// <summary>The hash of everything up to the position, to be continued.</summary>
    public XxHash128 FinishHash()
    {
        _hash.Append(_buffer.AsSpan(0, _next));
        _bufferStart += _next;
        _buffer.AsSpan(_next, _filled - _next).CopyTo(_buffer);
        _filled -= _next;
        _next = 0;
        return _hash;
    }

    /// <summary>Refuses a length or count that the rest of the file cannot hold.</summary>
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
