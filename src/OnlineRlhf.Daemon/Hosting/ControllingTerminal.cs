namespace OnlineRlhf.Daemon.Hosting;

/// <summary>The terminal that sends this process its signals.</summary>
internal static class ControllingTerminal
{
    /// <summary>Whether it has one that was not closed.</summary>
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
