namespace OnlineRlhf.Storage.Disk;

/// <summary>The error numbers of Linux that this program tells apart. .NET hands them on as an <see cref="IOException"/>'s HResult.</summary>
internal static class ErrorNumber
{
    /// <summary>EPERM.</summary>
    public const int NotPermitted = 1;

    /// <summary>EINTR: a signal came in between; the call is to be made again.</summary>
    public const int Interrupted = 4;

    /// <summary>EWOULDBLOCK: another stream holds the lock.</summary>
    public const int WouldBlock = 11;

    /// <summary>EACCES.</summary>
    public const int AccessDenied = 13;

    /// <summary>EFBIG: the file reached the process's limit for files (ulimit -f), or that of its file system.</summary>
    public const int TooBig = 27;

    /// <summary>ENOSPC: the disk is full.</summary>
    public const int NoSpace = 28;

    /// <summary>EDQUOT: this user's share of the disk is full.</summary>
    public const int Quota = 122;
}
