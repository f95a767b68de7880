using System.Runtime.InteropServices;

namespace OnlineRlhf.Inference.Llama;

/// <summary>A sequence's memory, copied out of the context. Overwritten when it is dropped, since it tells what was said.</summary>
internal sealed unsafe class SequenceState(nuint bytes) : IDisposable
{
    internal byte* Data { get; private set; } = (byte*)NativeMemory.Alloc(bytes);

    internal nuint Bytes { get; } = bytes;

    public void Dispose()
    {
        if (Data == null)
            return;
        NativeMemory.Clear(Data, Bytes);
        NativeMemory.Free(Data);
        Data = null;
    }
}
