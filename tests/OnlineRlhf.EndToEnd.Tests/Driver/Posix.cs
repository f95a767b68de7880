using System.Runtime.InteropServices;

namespace OnlineRlhf.EndToEnd.Tests.Driver;

/// <summary>What the tests need of the kernel and .NET does not give.</summary>
internal static partial class Posix
{
    internal const int SigInterrupt = 2, SigAbort = 6, SigKill = 9, SigTerm = 15, SigStop = 19, SigContinue = 18;

    private const int AtFdCwd = -100, NoFollow = 0x100, ModeAndType = 0x3;

    // struct statx of linux/stat.h, the same on every architecture: 256 bytes, stx_mode is the 16-bit field at 28.
    private const int StatxBytes = 256, ModeAt = 28;

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

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int directory, string path, int flags, uint mask, byte* buffer);
}
