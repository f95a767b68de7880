using System.Runtime.InteropServices;
using OnlineRlhf.Learning.RewardModels;

namespace OnlineRlhf.Storage.Layout;

/// <summary>A copy of a model's θ, average θ and factor, in a buffer of 8(2d + d(d+1)/2) bytes that serves for every checkpoint.</summary>
internal sealed class Snapshot(int dimension)
{
    private readonly double[] _state = new double[StateFormat.StateLength(dimension)];

    /// <summary>Copies the model's state.</summary>
    public void Take(OnePassRewardModel model)
    {
        model.Parameter.CopyTo(_state);
        model.AverageParameter.CopyTo(_state.AsSpan(dimension));
        model.Factor.CopyTo(_state.AsSpan(2 * dimension));
    }

    /// <summary>The bytes of one chunk, little endian.</summary>
    public byte[] Chunk(int index)
    {
        byte[] data = MemoryMarshal
            .AsBytes(_state.AsSpan())
            .Slice(index * StateFormat.ChunkBytes, StateFormat.ChunkLength(dimension, index))
            .ToArray();
        SwapEachWhereBigEndian(data);
        return data;
    }

    /// <summary>Takes over the bytes of one chunk.</summary>
    public void SetChunk(int index, byte[] data)
    {
        Span<byte> target = MemoryMarshal.AsBytes(_state.AsSpan()).Slice(index * StateFormat.ChunkBytes, data.Length);
        data.CopyTo(target);
        SwapEachWhereBigEndian(target);
    }

    /// <summary>Puts the copy into a model.</summary>
    /// <exception cref="ArgumentException">A model cannot have this state.</exception>
    public void Restore(OnePassRewardModel model, long sequence)
    {
        ReadOnlySpan<double> state = _state;
        model.Restore(sequence, state[..dimension], state[dimension..(2 * dimension)], state[(2 * dimension)..]);
    }

    private static void SwapEachWhereBigEndian(Span<byte> bytes)
    {
        if (BitConverter.IsLittleEndian)
            return;
        for (int at = 0; at < bytes.Length; at += sizeof(double))
            bytes.Slice(at, sizeof(double)).Reverse();
    }
}
