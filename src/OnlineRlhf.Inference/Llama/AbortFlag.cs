using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnlineRlhf.Inference.Llama;

/// <summary>
/// A byte that llama.cpp looks at while it loads or decodes, raised by a cancellation token. In native memory, for it must not move.
/// </summary>
internal sealed unsafe class AbortFlag : IDisposable
{
    private byte* _raised = (byte*)NativeMemory.AllocZeroed(1);

    /// <summary>For llama_context_params: whether to abort.</summary>
    internal static nint ShouldAbort => (nint)(delegate* unmanaged[Cdecl]<void*, byte>)&OnStep;

    /// <summary>For llama_model_params: whether to go on.</summary>
    internal static nint ShouldLoadOn => (nint)(delegate* unmanaged[Cdecl]<float, void*, byte>)&OnProgress;

    internal nint UserData => (nint)_raised;

    /// <summary>Lowers the flag and lets the token raise it until the registration is disposed.</summary>
    internal CancellationTokenRegistration Watch(CancellationToken cancellationToken)
    {
        *_raised = 0;
        return cancellationToken.UnsafeRegister(static flag => *((AbortFlag)flag!)._raised = 1, this);
    }

    /// <summary>Frees the byte; nothing may look at it any more.</summary>
    public void Dispose()
    {
        NativeMemory.Free(_raised);
        _raised = null;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte OnStep(void* raised) => *(byte*)raised;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte OnProgress(float progress, void* raised) => *(byte*)raised == 0 ? (byte)1 : (byte)0;
}
