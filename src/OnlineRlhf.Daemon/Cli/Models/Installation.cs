using System.Globalization;
using Microsoft.Win32.SafeHandles;
using OnlineRlhf.Daemon.Cli.Demo;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Cli.Models;

/// <summary>Copies a model to the daemon's models and names it in the settings; where anything fails, both are as they were.</summary>
internal sealed class Installation
{
    private const int PieceBytes = 1 << 20;

    // The daemon's user reads it, and only whoever installs it writes it; the folder above lets nobody else in.
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private readonly string _folder;

    internal Installation(string folder, string settings)
    {
        _folder = folder;
        Settings = File.ResolveLinkTarget(settings, returnFinalTarget: true)?.FullName ?? settings;
    }

    /// <summary>The settings file.</summary>
    internal string Settings { get; }

    /// <returns>Where the model is now.</returns>
    /// <param name="source">The model.</param>
    /// <param name="fingerprint">What tells it from others.</param>
    /// <param name="sha256">What its checksum must be; null for any.</param>
    /// <param name="measure">Tries the model in its place before the settings name it.</param>
    /// <param name="cancellationToken">Leaves everything as it was.</param>
    internal async Task<string> RunAsync(
        string source,
        string fingerprint,
        string? sha256,
        Func<string, Task> measure,
        CancellationToken cancellationToken
    )
    {
        string target = Target(source, fingerprint);
        // What cannot be written is told before gigabytes are.
        byte[]? before = File.Exists(Settings) ? await File.ReadAllBytesAsync(Settings, cancellationToken).ConfigureAwait(false) : null;
        byte[] after = ConfigurationFile.WithModel(before ?? "{}\n"u8.ToArray(), target);
        UnixFileMode mode = before is null ? Readable : File.GetUnixFileMode(Settings);
        Directory.CreateDirectory(Path.GetDirectoryName(Settings)!);
        using WholeFile settings = Open(Settings, mode);
        await settings.Content.WriteAsync(after, cancellationToken).ConfigureAwait(false);

        bool isNew = !File.Exists(target);
        if (source == target)
        {
            await RequireAsync(source, sha256, cancellationToken).ConfigureAwait(false);
            // Whoever put it there may not have waited for the disk, and the settings that name it are durable.
            using (SafeFileHandle content = File.OpenHandle(target))
                RandomAccess.FlushToDisk(content);
            DurableFolder.Sync(_folder);
        }
        else
            await CopyAsync(source, target, fingerprint, sha256, cancellationToken).ConfigureAwait(false);
        try
        {
            await measure(target).ConfigureAwait(false);
            settings.Commit();
        }
        catch when (isNew)
        {
            File.Delete(target);
            throw;
        }
        return target;
    }

    private async Task CopyAsync(string source, string target, string fingerprint, string? sha256, CancellationToken cancellationToken)
    {
        // The state beside the models is for its owner alone.
        Directory.CreateDirectory(Path.GetDirectoryName(_folder)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(_folder);
        // Whatever this user's umask says: the daemon is another user.
        File.SetUnixFileMode(_folder, Readable | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        WholeFile.RemoveLeftovers(_folder);
        using FileStream from = File.OpenRead(source);
        long free = new DriveInfo(_folder).AvailableFreeSpace;
        if (free < from.Length)
            throw Full(from.Length, free);
        using WholeFile copy = Open(target, Readable);
        byte[] piece = new byte[PieceBytes];
        try
        {
            int read;
            for (long done = 0; (read = await from.ReadAsync(piece, cancellationToken).ConfigureAwait(false)) > 0; done += read)
            {
                Screen.Progress(
                    string.Create(CultureInfo.InvariantCulture, $"copying {100 * done / from.Length} % of {ModelReport.Size(from.Length)}")
                );
                await copy.Content.WriteAsync(piece.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
            copy.Finish();
            Screen.Progress("checking the copy");
            await RequireAsync(copy.Partial, sha256, cancellationToken).ConfigureAwait(false);
            if (GgufFile.Open(copy.Partial).Fingerprint != fingerprint)
                throw new IOException($"{source} has changed while it was copied: try again.");
        }
        catch (IOException e) when (WholeFile.IsFull(e))
        {
            throw Full(from.Length, new DriveInfo(_folder).AvailableFreeSpace);
        }
        finally
        {
            Screen.Progress("");
        }
        copy.Commit();
    }

    /// <summary>A name of its own for every model: what is in use keeps its file until the settings name the other.</summary>
    private string Target(string source, string fingerprint)
    {
        string plain = Path.Combine(_folder, Path.GetFileName(source));
        if (!File.Exists(plain) || source == plain)
            return plain;
        try
        {
            if (GgufFile.Open(plain).Fingerprint == fingerprint)
                return plain;
        }
        catch (ModelFileException)
        {
            // Another file of that name, and a broken one.
        }
        return Path.Combine(_folder, $"{Path.GetFileNameWithoutExtension(source)}-{fingerprint[..8]}.gguf");
    }

    private static WholeFile Open(string path, UnixFileMode mode)
    {
        try
        {
            return new WholeFile(path, mode);
        }
        catch (UnauthorizedAccessException)
        {
            throw new UnauthorizedAccessException($"You may not write {path}: do this as root, or name files of your own with --config and --state.");
        }
    }

    private static async Task RequireAsync(string path, string? sha256, CancellationToken cancellationToken)
    {
        if (sha256 is not null && await Checksum.Sha256Async(path, cancellationToken).ConfigureAwait(false) is var found && found != sha256)
            throw new ConfigurationException($"the file's SHA-256 is {found}, not {sha256}: download it again; nothing was changed");
    }

    private IOException Full(long needed, long free) =>
        new(
            $"The disk that holds {_folder} has {ModelReport.Size(free)} free, "
                + $"and the model takes {ModelReport.Size(needed)}: make room first; nothing was changed."
        );
}
