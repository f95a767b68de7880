using LiteDB;
using LiteDB.Engine;

namespace OnlineRlhf.Storage.Disk;

/// <summary>
/// A LiteDB engine over a <see cref="PageFile"/> and a <see cref="PageLog"/>: documents in, documents out, each change durable before it returns.
/// </summary>
/// <remarks>
/// It uses the engine without <c>LiteDatabase</c>, so that no mapper is made. It never uses an engine again that threw: <see cref="Find"/> opens
/// another one, and <see cref="Update"/> leaves that to the owner. Not safe for concurrent use.
/// </remarks>
internal sealed class StateDatabase : IDisposable
{
    private readonly PageFile _file;
    private readonly PageLog _log;
    private LiteEngine _engine;

    private StateDatabase(PageFile file, PageLog log)
    {
        (_file, _log) = (file, log);
        _engine = NewEngine();
    }

    /// <summary>Whether the open files are still the ones at their paths.</summary>
    public bool IsInPlace => _file.IsInPlace && _log.IsInPlace;

    /// <summary>Opens an existing file to read it, together with the transaction that waits in its log.</summary>
    public static StateDatabase OpenToRead(string path, string logPath, DiskProbe? probe) =>
        Over(new PageLog(logPath, probe), log => new PageFile(path, FileMode.Open, log, probe));

    /// <summary>Opens a file whose log was carried out, for <see cref="Update"/>. Writes nothing before the first update.</summary>
    public static StateDatabase OpenToWrite(string path, string logPath, DiskProbe? probe)
    {
        var log = new PageLog(logPath, probe);
        log.Forget();
        return Over(log, l => new PageFile(path, FileMode.Open, l, probe));
    }

    /// <summary>Makes a new file, for <see cref="Insert"/> and, at the end, <see cref="Finish"/>.</summary>
    public static StateDatabase Create(string path, DiskProbe? probe) =>
        Over(
            new PageLog(null, null) { Writable = true },
            log => new PageFile(path, FileMode.CreateNew, log, probe) { Writable = true, Durable = false }
        );

    /// <summary>Carries out the transaction that waits in the log, without LiteDB. Only for files that nothing has open.</summary>
    public static void ApplyLog(string path, string logPath, DiskProbe? probe)
    {
        var log = new PageLog(logPath, probe);
        PageFile? file = null;
        try
        {
            file = new PageFile(path, FileMode.Open, log, probe);
            file.Apply(log);
        }
        finally
        {
            file?.CloseFile();
            log.CloseFile();
        }
    }

    /// <summary>
    /// Empties a log that was carried out, before a new data file takes the place of the old one. Reserves the space of the largest transaction.
    /// </summary>
    public static void ResetLog(string logPath, int reserve, DiskProbe? probe)
    {
        var log = new PageLog(logPath, probe);
        try
        {
            log.Reset(reserve);
        }
        finally
        {
            log.CloseFile();
        }
    }

    /// <summary>The document; null where there is none, or where it cannot be read.</summary>
    public BsonDocument? Find(string collection, int id, out string? failure)
    {
        failure = null;
        try
        {
            var query = new Query();
            query.Where.Add(Query.EQ("_id", id));
            using IBsonDataReader reader = _engine.Query(collection, query);
            return reader.Read() ? reader.Current.AsDocument : null;
        }
        catch (Exception unreadable) when (unreadable is not (IOException or UnauthorizedAccessException))
        {
            failure = unreadable.Message;
            _engine.Dispose();
            _engine = NewEngine();
            return null;
        }
    }

    /// <summary>
    /// Replaces documents by ones of the same size, in one durable transaction: one write and sync of the log, and one sync of the data file.
    /// </summary>
    public void Update(params ReadOnlySpan<(string Collection, BsonDocument Document)> documents)
    {
        _ = _engine.BeginTrans();
        foreach ((string collection, BsonDocument document) in documents)
        {
            if (_engine.Update(collection, [document]) != 1)
                throw new InvalidDataException($"document {document["_id"]} of {collection} is missing.");
        }
        _ = _engine.Commit();
        _file.Writable = _log.Writable = true;
        try
        {
            _engine.Checkpoint();
        }
        finally
        {
            _file.Writable = _log.Writable = false;
        }
    }

    /// <summary>Adds documents to a file that is being made.</summary>
    public void Insert(string collection, IEnumerable<BsonDocument> documents)
    {
        _engine.Insert(collection, documents, BsonAutoId.Int32);
        _engine.Checkpoint();
    }

    /// <summary>Makes a file that is being made durable.</summary>
    public void Finish() => _file.Sync();

    /// <summary>Closes the files. Nothing is written.</summary>
    public void Dispose()
    {
        _file.Writable = _log.Writable = false;
        try
        {
            _engine.Dispose();
        }
        finally
        {
            _file.CloseFile();
            _log.CloseFile();
        }
    }

    private static StateDatabase Over(PageLog log, Func<PageLog, PageFile> open)
    {
        PageFile? file = null;
        try
        {
            file = open(log);
            if (!file.Writable && file.Length < PageLog.PageSize)
                throw new InvalidDataException("it is shorter than one page.");
            return new StateDatabase(file, log);
        }
        catch
        {
            file?.CloseFile();
            log.CloseFile();
            throw;
        }
    }

    private LiteEngine NewEngine() =>
        new(
            new EngineSettings
            {
                DataStream = _file,
                LogStream = _log,
                TempStream = Stream.Null,
            }
        );
}
