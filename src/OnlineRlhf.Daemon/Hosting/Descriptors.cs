using System.Runtime.InteropServices;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>The file descriptors of this process.</summary>
internal static unsafe partial class Descriptors
{
    // RLIMIT_NOFILE of x64 and arm64.
    private const int OpenFiles = 7;

    // The limit of most systems.
    private const int Usual = 1024;

    /// <summary>How many descriptors the process may have open.</summary>
    internal static int Limit
    {
        get
        {
            // struct rlimit: the soft limit, which applies, and the hard limit.
            ulong* limits = stackalloc ulong[2];
            return getrlimit(OpenFiles, limits) == 0 ? (int)Math.Min(limits[0], int.MaxValue) : Usual;
        }
    }

    /// <summary>How many descriptors the process has open.</summary>
    internal static int Open => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();

    [LibraryImport("libc")]
    private static partial int getrlimit(int resource, ulong* limits);
}
