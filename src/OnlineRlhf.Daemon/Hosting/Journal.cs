using System.Globalization;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>systemd's journal. It reads the priority of a line from the line's first characters.</summary>
internal static class Journal
{
    /// <summary>The prefix that marks a line as an error in the journal; empty if the journal does not read the output.</summary>
    internal static string Error => IsRead ? "<3>" : "";

    /// <summary>
    /// Whether the journal reads what this process prints. A variable of systemd says so. The library would look at systemd's process, which the
    /// service's sandbox hides.
    /// </summary>
    internal static bool IsRead =>
        Environment.GetEnvironmentVariable("SYSTEMD_EXEC_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
}
