using System.Buffers.Binary;

namespace OnlineRlhf.Storage.Disk;

/// <summary>The fields of LiteDB's page header (version 5: 32 bytes) that carrying out a log needs.</summary>
internal static class LogPage
{
    /// <summary>Bytes 14 to 17: the transaction's number; in the data file all ones.</summary>
    public const int TransactionAt = 14;

    /// <summary>Byte 18: whether this page, the last of its transaction, commits it; in the data file 0.</summary>
    public const int ConfirmedAt = 18;

    /// <summary>Where the page belongs in the data file: its number, bytes 0 to 3, times the page's size.</summary>
    public static long PositionOf(ReadOnlySpan<byte> page) => BinaryPrimitives.ReadUInt32LittleEndian(page) * (long)PageLog.PageSize;

    /// <summary>Turns a page of the log into one of the data file.</summary>
    public static void ToDataPage(Span<byte> page)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(page[TransactionAt..], uint.MaxValue);
        page[ConfirmedAt] = 0;
    }
}
