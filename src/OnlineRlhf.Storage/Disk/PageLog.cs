using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Storage.Disk;

/// <summary>
/// LiteDB's log as a stream. It is in memory while LiteDB makes a transaction, and is sealed and written in one piece before the data file changes.
/// </summary>
/// <remarks>
/// LiteDB does not sync its log before it changes the data file, and keeps no checksum in it. Here LiteDB writes its log to memory only.
/// <see cref="Persist"/> writes and syncs it. As a seal it puts a checksum of all pages where LiteDB keeps the transaction's number: the log holds
/// one transaction, at its start, so that any number serves. A log whose seal does not hold was never complete: the data file was not touched yet,
/// and the log is ignored.
/// </remarks>
internal sealed class PageLog : PageStream
{
    /// <summary>LiteDB's page.</summary>
    public const int PageSize = 8192;

    private const long LargestAccepted = 64L << 20;

    private readonly string? _path;
    private readonly DiskProbe? _probe;
    private byte[] _pages = [],
        _sealed = [];
    private int _length;
    private SafeFileHandle? _file;
    private FileIdentity _identity;
    private readonly long _lengthOnDisk;

    /// <summary>A log in a file, or in memory alone where there is none.</summary>
    public PageLog(string? path, DiskProbe? probe)
    {
        (_path, _probe) = (path, probe);
        if (path is null || !File.Exists(path))
            return;
        using SafeFileHandle file = File.OpenHandle(path, options: FileOptions.RandomAccess);
        _lengthOnDisk = RandomAccess.GetLength(file);
        if (_lengthOnDisk is < PageSize or > LargestAccepted)
            return;
        _pages = new byte[_lengthOnDisk / PageSize * PageSize];
        for (int at = 0, read; at < _pages.Length; at += read)
        {
            read = RandomAccess.Read(file, _pages.AsSpan(at, Math.Min(PageSize, _pages.Length - at)), at);
            if (read == 0)
                return;
        }
        _length = SealedLength(_pages);
    }

    /// <summary>Whether the file may be changed; where it may not, changes are dropped. The owner sets it around a commit only.</summary>
    public bool Writable { get; set; }

    /// <summary>Whether the open file is still the one at its path; true where none is open.</summary>
    public bool IsInPlace => _file is null || Posix.Identify(_path!) == _identity;

    /// <summary>The pages of the transaction in the log.</summary>
    public ReadOnlySpan<byte> Pages => _pages.AsSpan(0, _length);

    /// <inheritdoc/>
    public override long Length => _length;

    /// <summary>Forgets the transaction in the log, since it was carried out. The next one begins at the log's start.</summary>
    public void Forget() => _length = 0;

    /// <summary>Makes the transaction durable in the log. From here on it will be carried out, whatever fails.</summary>
    public void Persist()
    {
        if (_path is null || _length == 0 || !Writable)
            return;
        if (_sealed.Length < _length)
            _sealed = new byte[_length];
        Span<byte> pages = _sealed.AsSpan(0, _length);
        Pages.CopyTo(pages);
        uint seal = SealOf(pages);
        for (int at = 0; at < pages.Length; at += PageSize)
        {
            if ((pages[at + LogPage.ConfirmedAt] != 0) != (at + PageSize == pages.Length))
                throw new InvalidDataException("the log holds more or less than one transaction.");
            BinaryPrimitives.WriteUInt32LittleEndian(pages[(at + LogPage.TransactionAt)..], seal);
        }
        WriteAndSync(pages);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The file keeps its length. Writing over it then needs no space on a full disk, and no sync of a new length, which would cost as much again.
    /// The old transaction stays in the file until the next one. It is in the data file already, and does no harm if it is carried out once more.
    /// </remarks>
    public override void SetLength(long value) => _length = Math.Min(_length, checked((int)value));

    /// <summary>Overwrites the file with zeros, durably, and reserves the space of the largest transaction.</summary>
    public void Reset(int reserve)
    {
        _length = 0;
        byte[] zeros = new byte[Math.Max(reserve, Math.Min(_lengthOnDisk, LargestAccepted))];
        WriteAndSync(zeros);
        if (_lengthOnDisk <= reserve)
            return;
        _probe?.Invoke(_path!, DiskOperation.SetLength, reserve, default);
        PrivateFile.SetLength(OpenFile(), reserve);
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        // Persist makes the log durable, on the thread that can report a failure.
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = (int)Math.Clamp(_length - Position, 0, count);
        _pages.AsSpan((int)Position, read).CopyTo(buffer.AsSpan(offset));
        Position += read;
        return read;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        int end = checked((int)Position + count);
        if (end > _pages.Length)
            Array.Resize(ref _pages, Math.Max(end, 2 * _pages.Length));
        buffer.AsSpan(offset, count).CopyTo(_pages.AsSpan((int)Position));
        Position = end;
        _length = Math.Max(_length, end);
    }

    /// <inheritdoc/>
    public override void CloseFile() => _file?.Dispose();

    /// <summary>
    /// Bytes of the transaction at the start: all pages with its seal, up to the one that commits it; 0 where the seal does not hold.
    /// </summary>
    private static int SealedLength(ReadOnlySpan<byte> pages)
    {
        for (int at = 0; at < pages.Length; at += PageSize)
        {
            ReadOnlySpan<byte> page = pages.Slice(at, PageSize);
            uint seal = BinaryPrimitives.ReadUInt32LittleEndian(page[LogPage.TransactionAt..]);
            if (seal != BinaryPrimitives.ReadUInt32LittleEndian(pages[LogPage.TransactionAt..]))
                return 0;
            if (page[LogPage.ConfirmedAt] != 0)
                return SealOf(pages[..(at + PageSize)]) == seal ? at + PageSize : 0;
        }
        return 0;
    }

    private static uint SealOf(ReadOnlySpan<byte> pages)
    {
        var hash = new XxHash3(pages.Length);
        for (int at = 0; at < pages.Length; at += PageSize)
        {
            hash.Append(pages.Slice(at, LogPage.TransactionAt));
            hash.Append(pages[(at + LogPage.TransactionAt + sizeof(uint))..(at + PageSize)]);
        }
        uint seal = (uint)hash.GetCurrentHashAsUInt64();
        return seal is 0 or uint.MaxValue ? 1 : seal;
    }

    private SafeFileHandle OpenFile()
    {
        if (_file is not null)
            return _file;
        bool isNew = !File.Exists(_path);
        _file = PrivateFile.Open(_path!, FileMode.OpenOrCreate);
        _identity = Posix.Identify(_file);
        if (isNew)
        {
            // A power cut may take back a name that is not synced, and a log without a name protects nothing.
            string folder = Path.GetDirectoryName(_path)!;
            _probe?.Invoke(folder, DiskOperation.SyncFolder, 0, default);
            DurableFolder.SyncAlone(folder);
        }
        return _file;
    }

    private void WriteAndSync(ReadOnlySpan<byte> pages)
    {
        SafeFileHandle file = OpenFile();
        _probe?.Invoke(_path!, DiskOperation.Write, 0, pages);
        // A page at a time: the kernel caches in one piece what is written in one piece, and counts all of it as written when a part of it is.
        for (int at = 0; at < pages.Length; at += PageSize)
            PrivateFile.Write(file, pages.Slice(at, Math.Min(PageSize, pages.Length - at)), at);
        _probe?.Invoke(_path!, DiskOperation.Sync, 0, default);
        Posix.SyncData(file);
    }
}
