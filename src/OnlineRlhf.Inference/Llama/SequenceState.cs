using System.Runtime.InteropServices;

namespace OnlineRlhf.Inference.Llama;

/// <summary>The memory of a sequence, copied out of the context. It is overwritten when it is freed, because it reveals the conversation.</summary>
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
