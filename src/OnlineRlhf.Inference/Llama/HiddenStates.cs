using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnlineRlhf.Inference.Llama;

/// <summary>
/// Collects the post-norm last-layer hidden states of a decode's output rows, in the order of the batch, while llama.cpp evaluates the graph.
/// </summary>
/// <remarks>
/// Requesting embeddings instead would make every token of the prompt an output, each with a row of the vocabulary head. The evaluation callback sees
/// the tensor "result_norm", which holds only the output rows.
/// </remarks>
internal sealed unsafe class HiddenStates : IDisposable
{
    private readonly int _width;
    private float[] _rows;
    private GCHandle _self;

    internal HiddenStates(int width, int rows)
    {
        _width = width;
        _rows = new float[width * rows];
        _self = GCHandle.Alloc(this);
    }

    internal static nint Callback => (nint)(delegate* unmanaged[Cdecl]<nint, byte, void*, byte>)&OnTensor;

    internal nint UserData => GCHandle.ToIntPtr(_self);

    /// <summary>How many rows were collected since <see cref="Clear"/>. Each micro-batch of a batch adds to them.</summary>
    internal int Count { get; private set; }

    internal ReadOnlySpan<float> this[int row] => _rows.AsSpan(row * _width, _width);

    internal void Clear() => Count = 0;

    public void Dispose()
    {
        if (_self.IsAllocated)
            _self.Free();
    }

    private void Append(nint tensor)
    {
        int rows = (int)NativeMethods.ggml_nrows(tensor),
            at = Count * _width,
            length = rows * _width;
        if (NativeMethods.ggml_nbytes(tensor) != (nuint)length * sizeof(float))
            return;
        if (at + length > _rows.Length)
            Array.Resize(ref _rows, at + length);
        fixed (float* target = &_rows[at])
            NativeMethods.ggml_backend_tensor_get(tensor, target, 0, (nuint)length * sizeof(float));
        Count += rows;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static byte OnTensor(nint tensor, byte ask, void* userData)
    {
        bool wanted = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(NativeMethods.ggml_get_name(tensor)).SequenceEqual("result_norm"u8);
        if (ask != 0)
            return wanted ? (byte)1 : (byte)0;
        if (wanted)
            ((HiddenStates)GCHandle.FromIntPtr((nint)userData).Target!).Append(tensor);
        return 1;
    }
}
