using System.Runtime.InteropServices;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>What the tests need of the kernel and .NET does not give.</summary>
internal static partial class Posix
{
    internal const int SigHangUp = 1,
        SigInterrupt = 2,
        SigAbort = 6,
        SigKill = 9,
        SigUser1 = 10,
        SigUser2 = 12;
    internal const int SigTerm = 15,
        SigStop = 19,
        SigContinue = 18;

    // RLIMIT_FSIZE and RLIMIT_NOFILE of x64 and arm64.
    private const int FileSize = 1,
        OpenFiles = 7;

    private const int AtFdCwd = -100,
        NoFollow = 0x100,
        ModeAndType = 0x3;

    // struct statx of linux/stat.h, the same on every architecture: 256 bytes, stx_mode is the 16-bit field at 28.
    private const int StatxBytes = 256,
        ModeAt = 28;

    internal static void Signal(int process, int signal)
    {
        if (kill(process, signal) != 0)
            throw new InvalidOperationException($"kill({process}, {signal}) failed with error {Marshal.GetLastPInvokeError()}.");
    }

    /// <summary>Type and permissions of a file that is not followed where it is a link; null where there is none.</summary>
    internal static unsafe int? Mode(string path)
    {
        byte* buffer = stackalloc byte[StatxBytes];
        return statx(AtFdCwd, path, NoFollow, ModeAndType, buffer) == 0 ? *(ushort*)(buffer + ModeAt) : null;
    }

    /// <summary>Sets how many files a running process may have open.</summary>
    internal static void LimitOpenFiles(int process, int limit) => Limit(process, OpenFiles, limit);

    /// <summary>Sets how many bytes a file may have that a running process writes.</summary>
    internal static void LimitFileSize(int process, long limit) => Limit(process, FileSize, limit);

    private static unsafe void Limit(int process, int resource, long limit)
    {
        // struct rlimit64: the limit that holds, and the one up to which the process may raise it.
        ulong* limits = stackalloc ulong[2];
        if (prlimit64(process, resource, null, limits) != 0)
            throw new InvalidOperationException($"prlimit({process}) failed with error {Marshal.GetLastPInvokeError()}.");
        limits[0] = Math.Min((ulong)limit, limits[1]);
        if (prlimit64(process, resource, limits, null) != 0)
            throw new InvalidOperationException($"prlimit({process}, {limit}) failed with error {Marshal.GetLastPInvokeError()}.");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int prlimit64(int process, int resource, ulong* set, ulong* get);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int directory, string path, int flags, uint mask, byte* buffer);
}
