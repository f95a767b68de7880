namespace OnlineRlhf.Daemon.Hosting;

/// <summary>One daemon per state folder: the database has one writer.</summary>
internal sealed class StateLock : IDisposable
{
    private readonly FileStream _file;

    /// <exception cref="DaemonRunningException">Another daemon holds it.</exception>
    internal StateLock(string state)
    {
        Directory.CreateDirectory(state, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        try
        {
            _file = new FileStream(Path.Combine(state, "daemon.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new DaemonRunningException($"Another daemon uses the state in {state}: stop it first, or set --state to another folder.");
        }
    }

    public void Dispose() => _file.Dispose();
}
