namespace OnlineRlhf.Daemon;

/// <summary>What the process says when it ends; the numbers above 2 are those of sysexits.h, which systemd knows.</summary>
internal static class ExitCode
{
    internal const int Success = 0,
        Failure = 1,
        Usage = 2,
        Transient = 75,
        Configuration = 78;
}
