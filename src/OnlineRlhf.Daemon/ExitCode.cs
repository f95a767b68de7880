namespace OnlineRlhf.Daemon;

/// <summary>The exit codes of the process. The codes above 2 come from sysexits.h, and systemd knows them.</summary>
internal static class ExitCode
{
    internal const int Success = 0,
        Failure = 1,
        Usage = 2,
        Transient = 75,
        Configuration = 78;
}
