using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OnlineRlhf.Inference;

/// <summary>
/// The model that is embedded in this program. It has two million parameters, and was made by this project for demonstrations and tests.
/// </summary>
/// <remarks>While it is open, the model is an anonymous file in memory. Nothing is unpacked to the disk.</remarks>
public sealed partial class DemoModel : IDisposable
{
    private readonly SafeFileHandle _file;

    private DemoModel(SafeFileHandle file) => _file = file;

    /// <summary>A path to open the model by; valid only in this process, and until disposal.</summary>
    public string Path => $"/proc/self/fd/{_file.DangerousGetHandle()}";

    /// <summary>Unpacks the model into memory.</summary>
    public static DemoModel Open()
    {
        var file = new SafeFileHandle(memfd_create("demo-model", CloseOnExec), ownsHandle: true);
        if (file.IsInvalid)
            throw new IOException($"The kernel gives no anonymous file (error {Marshal.GetLastPInvokeError()}).");
        using Stream model = typeof(DemoModel).Assembly.GetManifestResourceStream("demo-model.gguf")!;
        byte[] buffer = new byte[1 << 16];
        for (long at = 0; model.Read(buffer) is > 0 and var read; at += read)
            RandomAccess.Write(file, buffer.AsSpan(0, read), at);
        return new DemoModel(file);
    }

    /// <summary>Frees the memory.</summary>
    public void Dispose() => _file.Dispose();

    private const uint CloseOnExec = 1;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint memfd_create(string name, uint flags);
}
