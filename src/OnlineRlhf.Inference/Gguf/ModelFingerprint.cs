using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Inference.Gguf;

/// <summary>
/// Identifies a model without reading all of it: by its header and tensor table, 256 blocks of 4 KiB spread evenly over the data, and the
/// file's length.
/// </summary>
/// <remarks>A model of 1 MiB or less is read whole. A change between two samples is not noticed, so this does not protect against forgery.</remarks>
internal static class ModelFingerprint
{
    private const int BlockLength = 4096,
        Blocks = 256;

    /// <summary>32 hexadecimal digits (XxHash128), computed from a hash that already covers the header and the table.</summary>
    public static string Finish(XxHash128 hash, SafeFileHandle file, TensorTable table, long fileLength)
    {
        byte[] block = new byte[BlockLength];
        if (table.DataLength <= BlockLength * Blocks)
            for (long at = 0; at < table.DataLength; at += BlockLength)
                Append(table.DataOffset + at, (int)Math.Min(BlockLength, table.DataLength - at));
        else
            for (int i = 0; i < Blocks; i++)
                Append(table.DataOffset + (long)((Int128)(table.DataLength - BlockLength) * i / (Blocks - 1)), BlockLength);

        BinaryPrimitives.WriteInt64LittleEndian(block, fileLength);
        hash.Append(block.AsSpan(0, sizeof(long)));
        return Convert.ToHexStringLower(hash.GetCurrentHash());

        void Append(long position, int length)
        {
            for (int done = 0; done < length; )
            {
                int read = RandomAccess.Read(file, block.AsSpan(done, length - done), position + done);
                if (read == 0)
                    throw GgufReader.CutShort("it became shorter while it was read");
                done += read;
            }
            hash.Append(block.AsSpan(0, length));
        }
    }
}
