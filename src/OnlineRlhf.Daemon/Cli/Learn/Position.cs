using System.Text;
using System.Text.Json;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Cli.Learn;

/// <summary>
/// Stores how far a data set has been learned, in a small file that is rewritten in place. Only its owner can read it. The file is locked, so that no
/// other process learns the same data set meanwhile.
/// </summary>
internal sealed class Position : IDisposable
{
    // One write is smaller than a sector, so a kill or a power cut leaves either the old or the new numbers.
    private const int Bytes = 256;
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly FileStream _file;

    /// <param name="folder">The folder of the position files.</param>
    /// <param name="key">Identifies the data, the profile, the daemon and the model.</param>
    internal Position(string folder, UInt128 key)
    {
        Directory.CreateDirectory(folder, Owner | UnixFileMode.UserExecute);
        string path = Path.Combine(folder, $"{key:x32}.json");
        _file =
            FileLock.TryTake(path, created: Owner)
            ?? throw new IOException("This file is being learned for this profile by another process: wait for it.");
        // Save makes the numbers durable. This makes the file's name durable.
        DurableFolder.Sync(folder);
        Current = Read();
    }

    /// <summary>The present position.</summary>
    internal Progress Current { get; private set; }

    /// <summary>Whether the file holds a position that cannot be read.</summary>
    internal bool WasUnreadable { get; private set; }

    /// <summary>Writes the position and makes it durable.</summary>
    internal void Save(Progress progress)
    {
        Write(progress);
        RandomAccess.FlushToDisk(_file.SafeFileHandle);
    }

    /// <summary>Writes the position. It survives a kill, but perhaps not a power cut.</summary>
    internal void Write(Progress progress)
    {
        Current = progress;
        byte[] line = new byte[Bytes];
        line.AsSpan().Fill((byte)' ');
        line[^1] = (byte)'\n';
        JsonSerializer.SerializeToUtf8Bytes(progress, LearnJson.Default.Progress).CopyTo(line, 0);
        RandomAccess.Write(_file.SafeFileHandle, line, 0);
    }

    public void Dispose() => _file.Dispose();

    private Progress Read()
    {
        byte[] line = new byte[Bytes];
        int read = RandomAccess.Read(_file.SafeFileHandle, line, 0);
        if (read == 0)
            return new Progress();
        try
        {
            if (
                JsonSerializer.Deserialize(Encoding.UTF8.GetString(line, 0, read), LearnJson.Default.Progress) is { Lines: >= 0, Run: >= 0 } progress
                && progress.Last >= 0
                && progress.Last <= progress.Lines
            )
                return progress;
        }
        catch (JsonException)
        {
            // The caller says that the position cannot be read.
        }
        WasUnreadable = true;
        return new Progress();
    }
}
