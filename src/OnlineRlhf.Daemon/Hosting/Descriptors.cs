using System.Runtime.InteropServices;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>The open files of this process.</summary>
internal static unsafe partial class Descriptors
{
    // RLIMIT_NOFILE of x64 and arm64.
    private const int OpenFiles = 7;

    // What most systems allow.
    private const int Usual = 1024;

    /// <summary>How many it may have.</summary>
    internal static int Limit
    {
        get
        {
            // struct rlimit: the limit that holds, and the one up to which it may be raised.
            ulong* limits = stackalloc ulong[2];
            return getrlimit(OpenFiles, limits) == 0 ? (int)Math.Min(limits[0], int.MaxValue) : Usual;
        }
    }

    /// <summary>How many it has.</summary>
    internal static int Open => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, ulong* limits);
}
