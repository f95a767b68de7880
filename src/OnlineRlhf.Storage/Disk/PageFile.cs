using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Storage.Disk;

/// <summary>
/// LiteDB's data file as a stream. It keeps the order that a write-ahead log needs: the log is durable before the
/// first page of a transaction is written here.
/// </summary>
/// <remarks>
/// The stream drops changes unless it is <see cref="Writable"/>. So LiteDB cannot change a byte after it failed, nor while it only looks at a
/// file that may belong to something else.
/// </remarks>
internal sealed class PageFile : PageStream
{
    private readonly string _path;
    private readonly PageLog _log;
    private readonly DiskProbe? _probe;
    private readonly SafeFileHandle _file;
    private readonly FileIdentity _identity;
    private bool _changed;

    /// <summary>Opens a file, or creates it.</summary>
    public PageFile(string path, FileMode mode, PageLog log, DiskProbe? probe)
    {
        (_path, _log, _probe) = (path, log, probe);
        _file = PrivateFile.Open(path, mode);
        _identity = Posix.Identify(_file);
    }

    /// <summary>Whether the file may be changed; where it may not, changes are dropped.</summary>
    public bool Writable { get; set; }

    /// <summary>Whether a flush waits for the disk. A file that is being built needs that once, at the end.</summary>
    public bool Durable { get; set; } = true;

    /// <summary>Whether the open file is still the one at its path.</summary>
    public bool IsInPlace => Posix.Identify(_path) == _identity;

    /// <inheritdoc/>
    public override long Length => RandomAccess.GetLength(_file);

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        int total = 0;
        for (int read; total < count; total += read)
        {
            read = RandomAccess.Read(_file, buffer.AsSpan(offset + total, count - total), Position + total);
            if (read == 0)
                break;
        }
        Position += total;
        return total;
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count)
    {
        ReadOnlySpan<byte> data = buffer.AsSpan(offset, count);
        if (Writable)
        {
            if (!_changed)
                _log.Persist();
            _changed = true;
            _probe?.Invoke(_path, DiskOperation.Write, Position, data);
            PrivateFile.Write(_file, data, Position);
        }
        Position += count;
    }

    /// <inheritdoc/>
    public override void Flush()
    {
        if (!Writable || !Durable || !_changed)
            return;
        Sync();
        _changed = false;
    }

    /// <summary>Makes the content durable now.</summary>
    public void Sync()
    {
        _probe?.Invoke(_path, DiskOperation.Sync, 0, default);
        Posix.SyncData(_file);
    }

    /// <summary>Carries out the transaction that waits in the log. Only for a file that no engine has open.</summary>
    /// <remarks>
    /// It writes and syncs log and pages also where they read back equal: what a killed process wrote, or a sync failed for, may be in the
    /// kernel's cache alone.
    /// </remarks>
    public void Apply(PageLog log)
    {
        byte[] page = new byte[PageLog.PageSize];
        Writable = log.Writable = true;
        for (int at = 0; at < log.Length; at += page.Length)
        {
            log.Pages.Slice(at, page.Length).CopyTo(page);
            LogPage.ToDataPage(page);
            Position = LogPage.PositionOf(page);
            Write(page, 0, page.Length);
        }
        Flush();
    }

    /// <inheritdoc/>
    public override void SetLength(long value)
    {
        if (!Writable)
            return;
        _probe?.Invoke(_path, DiskOperation.SetLength, value, default);
        PrivateFile.SetLength(_file, value);
    }

    /// <inheritdoc/>
    public override void CloseFile() => _file.Dispose();
}
