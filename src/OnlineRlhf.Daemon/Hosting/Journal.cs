using System.Globalization;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>systemd's journal, which takes a line's priority from its first characters.</summary>
internal static class Journal
{
    /// <summary>What makes a line an error there; nothing elsewhere.</summary>
    internal static string Error => IsRead ? "<3>" : "";

    /// <summary>
    /// Whether the journal reads what this process prints. Told by systemd's own variable: the sandbox hides its
    /// process, by which the library would know it.
    /// </summary>
    internal static bool IsRead =>
        Environment.GetEnvironmentVariable("SYSTEMD_EXEC_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
}
