using System.Text;
using System.Text.Json;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Cli.Learn;

/// <summary>
/// How far a data set has been learned: numbers in a small file for its owner alone, rewritten in place. The
/// file is locked, so that nobody else learns the same data set meanwhile.
/// </summary>
internal sealed class Position : IDisposable
{
    // One write of less than a sector: a kill or a power cut leaves the old numbers or the new ones.
    private const int Bytes = 256;
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly FileStream _file;

    /// <param name="folder">Where positions are kept.</param>
    /// <param name="key">Names what is learned, and by whom.</param>
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

    /// <summary>The numbers.</summary>
    internal Progress Current { get; private set; }

    /// <summary>Whether there were numbers that cannot be read.</summary>
    internal bool WasUnreadable { get; private set; }

    /// <summary>Makes new numbers durable.</summary>
    internal void Save(Progress progress)
    {
        Write(progress);
        RandomAccess.FlushToDisk(_file.SafeFileHandle);
    }

    /// <summary>Writes new numbers, which a kill leaves, and a power cut may not.</summary>
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
