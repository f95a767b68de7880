using System.Diagnostics;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>Locks the state folder for one daemon, because each database may have only one writer.</summary>
internal sealed class StateLock : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3),
        Pause = TimeSpan.FromMilliseconds(50);
    private readonly FileStream _file;

    private static string Advice =>
        "set --state to a folder that this user may write to"
        + (
            Locations.IsService
                ? $"; the service writes below {Locations.SystemState} alone: "
                    + "mount another disk there, or sudo systemctl edit onlinerlhf and allow the folder by ReadWritePaths"
                : ""
        );

    /// <exception cref="DaemonRunningException">Another daemon holds the lock.</exception>
    /// <exception cref="ConfigurationException">The folder cannot be used.</exception>
    internal StateLock(string state)
    {
        try
        {
            Directory.CreateDirectory(state, OwnerOnly);
            // The first request would write here. Creating the folder now finds what would fail then: a file of that name, or a folder of another
            // user, whose mode this user may not set.
            string profiles = Directory.CreateDirectory(Path.Combine(state, "profiles"), OwnerOnly).FullName;
            File.SetUnixFileMode(profiles, OwnerOnly);
            _file =
                Take(Path.Combine(state, "daemon.lock"))
                ?? throw new DaemonRunningException($"Another daemon uses the state in {state}: stop it first, or set --state to another folder.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"state: {state} cannot be used ({e.Message}); {Advice}.");
        }
    }

    private static FileStream? Take(string path)
    {
        // A killed daemon holds its lock until the kernel has freed the daemon's memory.
        for (long start = Stopwatch.GetTimestamp(); ; Thread.Sleep(Pause))
        {
            if (FileLock.TryTake(path) is { } held)
                return held;
            if (Stopwatch.GetElapsedTime(start) >= Patience)
                return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
