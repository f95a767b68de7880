using LLama.Native;

namespace OnlineRlhf.Inference.Llama;

/// <summary>The tokens of one decode, from one or several sequences, in native memory of fixed size.</summary>
internal sealed unsafe class TokenBatch(int capacity) : IDisposable
{
    private LLamaNativeBatch _batch = NativeApi.llama_batch_init(capacity, 0, 1);

    internal int Capacity { get; } = capacity;

    internal int Count => _batch.n_tokens;

    /// <summary>How many of the tokens have an output row.</summary>
    internal int Outputs { get; private set; }

    internal ref readonly LLamaNativeBatch Native => ref _batch;

    internal void Clear() => _batch.n_tokens = Outputs = 0;

    internal void Add(int token, int position, int sequence, bool output)
    {
        int at = _batch.n_tokens++;
        _batch.tokens[at] = token;
        _batch.pos[at] = position;
        _batch.n_seq_id[at] = 1;
        _batch.seq_id[at][0] = (LLamaSeqId)sequence;
        _batch.logits[at] = output ? (byte)1 : (byte)0;
        Outputs += output ? 1 : 0;
    }

    public void Dispose()
    {
        NativeApi.llama_batch_free(_batch);
        _batch = default;
    }
}
