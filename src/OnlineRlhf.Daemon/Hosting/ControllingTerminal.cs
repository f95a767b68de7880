namespace OnlineRlhf.Daemon.Hosting;

/// <summary>The controlling terminal of this process, which sends it signals such as Ctrl+C.</summary>
internal static class ControllingTerminal
{
    /// <summary>Whether this process has a controlling terminal that is still open.</summary>
    internal static bool IsThere
    {
        get
        {
            try
            {
                using (File.OpenHandle("/dev/tty", share: FileShare.ReadWrite))
                    return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }
    }
}
