using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnlineRlhf.Inference.Llama;

/// <summary>
/// A byte that llama.cpp checks while it loads or decodes. A cancellation token sets it. It is in native memory because it must not move.
/// </summary>
internal sealed unsafe class AbortFlag : IDisposable
{
    private byte* _raised = (byte*)NativeMemory.AllocZeroed(1);

    /// <summary>The callback for llama_context_params: whether to abort.</summary>
    internal static nint ShouldAbort => (nint)(delegate* unmanaged[Cdecl]<void*, byte>)&OnStep;

    /// <summary>The callback for llama_model_params: whether to continue.</summary>
    internal static nint ShouldLoadOn => (nint)(delegate* unmanaged[Cdecl]<float, void*, byte>)&OnProgress;

    internal nint UserData => (nint)_raised;

    /// <summary>Clears the flag. The token can then set it until the registration is disposed.</summary>
    internal CancellationTokenRegistration Watch(CancellationToken cancellationToken)
    {
        *_raised = 0;
        return cancellationToken.UnsafeRegister(static flag => *((AbortFlag)flag!)._raised = 1, this);
    }

    /// <summary>Frees the byte. llama.cpp must not check it any more.</summary>
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
