using OnlineRlhf.Storage.Disk;

namespace OnlineRlhf.Storage.Recovery;

/// <summary>The files of one profile: <c>state.db</c>, LiteDB's log beside it, the lock, and copies of damaged files.</summary>
internal sealed class ProfileDirectory : IDisposable
{
    private const string Data = "state.db",
        Log = "state-log.db",
        Lock = "state.lock",
        New = "state.db.new";

    private readonly string _directory;
    private readonly FileStream _lock;
    private readonly FileIdentity _identity;

    private ProfileDirectory(string directory, FileStream held) =>
        (_directory, _lock, _identity) = (directory, held, Posix.Identify(held.SafeFileHandle));

    /// <summary>Whether the directory still has the lock that this holds. Where it does not, another store can take the lock that is there.</summary>
    public bool IsInPlace => Posix.Identify(_lock.Name) == _identity;

    /// <summary>The data file.</summary>
    public string DataPath => Path.Combine(_directory, Data);

    /// <summary>LiteDB's log: the name that LiteDB itself looks for.</summary>
    public string LogPath => Path.Combine(_directory, Log);

    /// <summary>A data file that is being made. It counts for nothing until it has the data file's name.</summary>
    public string NewPath => Path.Combine(_directory, New);

    /// <summary>Whether there is a data file. It appears whole or not at all.</summary>
    public static bool HoldsState(string directory)
    {
        try
        {
            // This lists the folder, since File.Exists would take a folder that may not be read for an empty one.
            return Directory.Exists(directory) && Directory.EnumerateFiles(directory, Data).Any();
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody removed the folder since.
            return false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StateException.Of(failure, directory);
        }
    }

    /// <summary>Creates the directory where there is none, makes it private, and takes the lock that makes this the one store of it.</summary>
    public static ProfileDirectory Take(string directory)
    {
        try
        {
            PrivateFile.CreateFolder(directory);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StateException.Of(failure, directory);
        }
        return new ProfileDirectory(directory, TakeLock(Path.Combine(directory, Lock)));
    }

    /// <summary>
    /// Keeps a copy of the data file, and of the log where it is not empty, under a name that is not taken yet; returns the copy's path.
    /// </summary>
    public string CopyAside()
    {
        int number = 1;
        while (File.Exists(Aside(number)))
            number++;
        string log = Path.Combine(_directory, $"state.db.damaged-{number}-log");
        if (File.Exists(LogPath) && new FileInfo(LogPath).Length > 0)
            Copy(LogPath, log);
        Copy(DataPath, Aside(number));
        DurableFolder.SyncAlone(_directory);
        return Aside(number);

        string Aside(int n) => Path.Combine(_directory, $"state.db.damaged-{n}");
    }

    /// <summary>Gives the new file the data file's name, in one step: at every moment the old state or the new one is there.</summary>
    public void PutNewInPlace() => File.Move(NewPath, DataPath, overwrite: true);

    /// <summary>Makes the names of the files durable, and of the folders that they are in.</summary>
    public void Sync(DiskProbe? probe)
    {
        probe?.Invoke(_directory, DiskOperation.SyncFolder, 0, default);
        DurableFolder.Sync(_directory);
    }

    /// <summary>Removes a new file that was not finished.</summary>
    public void RemoveNew() => File.Delete(NewPath);

    /// <summary>Overwrites every file with zeros, makes that durable, and deletes them and the directory.</summary>
    public void Erase()
    {
        byte[] zeros = new byte[1 << 16];
        foreach (string path in Directory.EnumerateFiles(_directory))
        {
            if (path.EndsWith(Lock, StringComparison.Ordinal))
                continue;
            using (FileStream file = File.Open(path, FileMode.Open, FileAccess.Write))
            {
                for (long left = file.Length; left > 0; left -= zeros.Length)
                    file.Write(zeros, 0, (int)Math.Min(left, zeros.Length));
                file.Flush(flushToDisk: true);
            }
            File.Delete(path);
        }
        File.Delete(_lock.Name);
        DurableFolder.SyncAlone(_directory);
        Directory.Delete(_directory);
        if (Path.GetDirectoryName(Path.GetFullPath(_directory)) is { } parent)
            DurableFolder.SyncAlone(parent);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static FileStream TakeLock(string path)
    {
        try
        {
            return FileLock.TryTake(path)
                ?? throw new StateException(
                    StateError.Busy,
                    $"{path} is held: another process, or another store in this one, has this profile's state open. Close that one first."
                );
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw StateException.Of(failure, path);
        }
    }

    // Not AtomicFile: a copy may be larger than memory should hold, and File.Move without overwrite refuses to replace an earlier copy.
    private static void Copy(string from, string to)
    {
        string partial = to + ".partial";
        try
        {
            File.Copy(from, partial, overwrite: true);
            using (FileStream copy = File.Open(partial, FileMode.Open, FileAccess.Write))
                copy.Flush(flushToDisk: true);
            File.Move(partial, to);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}
