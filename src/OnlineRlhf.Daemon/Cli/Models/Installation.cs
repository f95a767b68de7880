using System.Globalization;
using Microsoft.Win32.SafeHandles;
using OnlineRlhf.Daemon.Cli.Demo;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Cli.Models;

/// <summary>Copies a model to the daemon's models and names it in the settings. If anything fails, both stay as they were.</summary>
internal sealed class Installation
{
    private const int PieceBytes = 1 << 20;

    // The daemon's user may read the file, and only the user who installs it may write it. The folder above keeps other users out.
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private readonly string _folder;

    internal Installation(string folder, string settings)
    {
        _folder = folder;
        Settings = File.ResolveLinkTarget(settings, returnFinalTarget: true)?.FullName ?? settings;
    }

    /// <summary>The settings file.</summary>
    internal string Settings { get; }

    /// <returns>The path of the installed model.</returns>
    /// <param name="source">The path of the model.</param>
    /// <param name="fingerprint">The fingerprint of the model.</param>
    /// <param name="sha256">The expected checksum; null to accept any.</param>
    /// <param name="measure">Tries the installed model before the settings name it.</param>
    /// <param name="cancellationToken">Cancels the installation, and leaves everything as it was.</param>
    internal async Task<string> RunAsync(
        string source,
        string fingerprint,
        string? sha256,
        Func<string, Task> measure,
        CancellationToken cancellationToken
    )
    {
        string target = Target(source, fingerprint);
        // Find out whether the settings can be written before copying gigabytes.
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
            // Flush the file, because the program that put it there may not have done so, and the settings that name it are durable.
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
        // The folder also holds the state, which is for its owner alone.
        Directory.CreateDirectory(Path.GetDirectoryName(_folder)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(_folder);
        // Set the mode regardless of the umask: the daemon runs as another user.
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

    /// <summary>Gives every model its own file name, so that the model in use keeps its file until the settings name the new one.</summary>
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
            // The existing file of this name is another file, and a broken one.
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
