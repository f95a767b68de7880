using System.Buffers.Binary;
using System.IO.Compression;

namespace OnlineRlhf.DataSets;

/// <summary>Checks that a gzip file is complete. The decompressor accepts a file that was cut off.</summary>
/// <remarks>A file of several members is read into memory.</remarks>
internal static class GzipEnd
{
    private const int LeastBytes = 18,
        TrailerBytes = 8,
        Chunk = 1 << 16;

    /// <param name="path">The path of the file.</param>
    /// <param name="unpacked">How many bytes were unpacked from it.</param>
    /// <param name="cancellationToken">Cancels the check.</param>
    internal static async Task<bool> IsThereAsync(string path, long unpacked, CancellationToken cancellationToken)
    {
        uint length = LengthAtEnd(path);
        if (length == (uint)unpacked)
            return true;
        byte[] packed = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
        // The trailer has the length of the last member only, and a file may have several.
        for (int at = packed.Length - TrailerBytes; at > 0; at--)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (packed.AsSpan(at).StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B, 8]) && Unpacked(packed, at) is { } last)
                return last == length;
        }
        return false;
    }

    private static uint LengthAtEnd(string path)
    {
        using FileStream file = File.OpenRead(path);
        Span<byte> length = stackalloc byte[sizeof(uint)];
        if (file.Length < LeastBytes)
            return ~0u;
        file.Position = file.Length - length.Length;
        file.ReadExactly(length);
        return BinaryPrimitives.ReadUInt32LittleEndian(length);
    }

    private static long? Unpacked(byte[] packed, int from)
    {
        try
        {
            using var member = new GZipStream(new MemoryStream(packed, from, packed.Length - from), CompressionMode.Decompress);
            byte[] chunk = new byte[Chunk];
            long sum = 0;
            for (int read; (read = member.Read(chunk)) > 0; )
                sum += read;
            return sum;
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
