using System.Runtime.InteropServices;

namespace OnlineRlhf.Inference.Llama;

/// <summary>The tokens of one decode, of one or several sequences, in memory of fixed size.</summary>
internal sealed unsafe class TokenBatch : IDisposable
{
    private NativeBatch _batch;

    internal TokenBatch(int capacity)
    {
        Capacity = capacity;
        _batch.Token = Allocate<int>(capacity);
        _batch.Position = Allocate<int>(capacity);
        _batch.SequenceCount = Allocate<int>(capacity);
        _batch.Output = Allocate<sbyte>(capacity);
        _batch.Sequences = (int**)NativeMemory.AllocZeroed((nuint)capacity, (nuint)sizeof(int*));
        int* ids = Allocate<int>(capacity);
        for (int i = 0; i < capacity; i++)
        {
            _batch.SequenceCount[i] = 1;
            _batch.Sequences[i] = ids + i;
        }
    }

    internal int Capacity { get; }

    internal int Count => _batch.Count;

    /// <summary>How many of the tokens have an output row.</summary>
    internal int Outputs { get; private set; }

    internal ref readonly NativeBatch Native => ref _batch;

    internal void Clear() => _batch.Count = Outputs = 0;

    internal void Add(int token, int position, int sequence, bool output)
    {
        int at = _batch.Count++;
        _batch.Token[at] = token;
        _batch.Position[at] = position;
        _batch.Sequences[at][0] = sequence;
        _batch.Output[at] = output ? (sbyte)1 : (sbyte)0;
        Outputs += output ? 1 : 0;
    }

    public void Dispose()
    {
        if (_batch.Token == null)
            return;
        NativeMemory.Free(_batch.Sequences[0]);
        NativeMemory.Free(_batch.Sequences);
        NativeMemory.Free(_batch.Token);
        NativeMemory.Free(_batch.Position);
        NativeMemory.Free(_batch.SequenceCount);
        NativeMemory.Free(_batch.Output);
        _batch = default;
    }

    private static T* Allocate<T>(int count)
        where T : unmanaged => (T*)NativeMemory.AllocZeroed((nuint)count, (nuint)sizeof(T));
}
