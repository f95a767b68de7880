using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Org.BouncyCastle.Crypto.Digests;

namespace OnlineRlhf.Daemon.Http.Access;

/// <summary>The text of a key: "orlhf-" and 256 random bits in base64url.</summary>
/// <remarks>.NET's own random numbers and hashes for keys load OpenSSL, and the process ends where that is missing.</remarks>
internal static partial class KeyText
{
    private const string Prefix = "orlhf-";
    private const int RandomBytes = 32,
        DigestBytes = 32;

    // 32 bytes are 43 characters of base64, and one of padding, which is left out.
    private const int Length = 6 + 43;

    /// <summary>Makes a new text.</summary>
    /// <exception cref="Win32Exception">The kernel gives no random numbers.</exception>
    internal static string New()
    {
        Span<byte> random = stackalloc byte[RandomBytes];
        // The kernel never gives fewer bytes than these few, except when a signal interrupts the wait for its first random numbers after a boot.
        while (getrandom(ref MemoryMarshal.GetReference(random), RandomBytes, 0) != RandomBytes)
        {
            if (Marshal.GetLastPInvokeError() is not Interrupted and var error)
                throw new Win32Exception(error);
        }
        return Prefix + Convert.ToBase64String(random).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    /// <summary>The SHA-256 of a text; null if the text cannot be a key.</summary>
    internal static byte[]? Digest(string text)
    {
        if (text.Length != Length || !Ascii.IsValid(text))
            return null;
        var sha = new Sha256Digest();
        sha.BlockUpdate(Encoding.ASCII.GetBytes(text));
        byte[] digest = new byte[DigestBytes];
        sha.DoFinal(digest);
        return digest;
    }

    // EINTR of errno.h, the same on every architecture.
    private const int Interrupted = 4;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getrandom(ref byte buffer, nuint length, uint flags);
}
