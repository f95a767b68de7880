using System.Numerics.Tensors;
using LLama.Native;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Llama;

/// <summary>
/// A llama_context with its batch and its hidden states. It decodes tokens of several sequences that share prefixes. Used by one thread at a time.
/// </summary>
internal sealed unsafe class DecodingContext : IDisposable
{
    /// <summary>The most tokens of one decode, and of one micro-batch.</summary>
    internal const int BatchTokens = 512;

    /// <summary>The most output rows of one decode. llama.cpp reserves memory for them, and aborts the process if there are more.</summary>
    internal const int OutputRows = 64;

    private readonly SafeLLamaContextHandle _context;
    private readonly HiddenStates? _hidden;
    private readonly AbortFlag _abort = new();
    private readonly Action _decoding,
        _decoded;
    private readonly bool[] _rented;

    /// <param name="model">The model.</param>
    /// <param name="cells">How many tokens the cache holds.</param>
    /// <param name="sequences">The most sequences.</param>
    /// <param name="threads">How many threads decode.</param>
    /// <param name="embedding">The width of a hidden state.</param>
    /// <param name="collectHidden">Whether to collect hidden states.</param>
    /// <param name="decoding">Called before every decode. If it throws, the decode does not start.</param>
    /// <param name="decoded">Called after every decode.</param>
    internal DecodingContext(
        SafeLlamaModelHandle model,
        int cells,
        int sequences,
        int threads,
        int embedding,
        bool collectHidden,
        Action decoding,
        Action decoded
    )
    {
        (_decoding, _decoded) = (decoding, decoded);
        _rented = new bool[sequences];
        LLamaContextParams parameters = LLamaContextParams.Default();
        parameters.n_ctx = (uint)cells;
        parameters.n_batch = BatchTokens;
        parameters.n_ubatch = BatchTokens;
        parameters.n_seq_max = (uint)sequences;
        parameters.n_outputs_max = OutputRows;
        parameters.kv_unified = true;
        parameters.abort_callback = AbortFlag.ShouldAbort;
        parameters.abort_callback_user_data = _abort.UserData;
        LlamaLibrary.Layout.SetThreads(ref parameters, threads);
        if (collectHidden)
        {
            _hidden = new HiddenStates(embedding, OutputRows);
            parameters.cb_eval = HiddenStates.Callback;
            parameters.cb_eval_user_data = _hidden.UserData;
        }
        _context = SafeLLamaContextHandle.Create(model, parameters);
        if (_context.IsInvalid)
        {
            // LLamaSharp takes a reference to the model even if creating the context fails. Nothing else would release it.
            model.DangerousRelease();
            _abort.Dispose();
            _hidden?.Dispose();
            throw new InferenceException(
                InferenceError.Model,
                $"llama.cpp could not make a context of {cells} tokens ({LlamaLibrary.TakeComplaints()}): "
                    + "lower the context setting or use a smaller model."
            );
        }
        Batch = new TokenBatch(BatchTokens);
    }

    internal TokenBatch Batch { get; }

    /// <summary>How many tokens were decoded since the context was created. Shows that a prompt was decoded only once.</summary>
    internal long TokensDecoded { get; private set; }

    /// <summary>Whether the cache may hold values that are not finite, until it is cleared. Some kernels spread them to other sequences.</summary>
    internal bool IsCorrupted { get; private set; }

    /// <summary>
    /// Decodes the tokens in <see cref="Batch"/>. On the CPU it can be cancelled in the middle, because a long prompt takes seconds.
    /// </summary>
    internal void Decode(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _decoding();
        _hidden?.Clear();
        TokensDecoded += Batch.Count;
        DecodeResult result;
        using (_abort.Watch(cancellationToken))
            result = (DecodeResult)NativeMethods.llama_decode(_context, Batch.Native);
        if (result == DecodeResult.ComputeAborted)
            throw new OperationCanceledException(cancellationToken);
        if (result != DecodeResult.Ok)
            throw new InferenceException(
                InferenceError.Decode,
                $"llama.cpp could not decode {Batch.Count} tokens ({result}{Because(LlamaLibrary.TakeComplaints())})."
            );
        if (_hidden is not null && _hidden.Count != Batch.Outputs)
            throw new InferenceException(
                InferenceError.Model,
                $"This model's architecture gives {_hidden.Count} hidden states for {Batch.Outputs} tokens: nothing can be learned from it."
            );
        _decoded();
    }

    /// <summary>The logits of the token at this index of the last batch; valid until the next decode.</summary>
    internal ReadOnlySpan<float> Logits(int batchIndex) => _context.GetLogitsIth(batchIndex);

    /// <summary>The hidden state of an output row of the last batch; valid until the next decode.</summary>
    internal ReadOnlySpan<float> Hidden(int outputRow) => _hidden![outputRow];

    /// <summary>How many sequences are reserved.</summary>
    internal int RentedSequences => _rented.Count(r => r);

    /// <summary>Lets a sequence share everything that another one holds.</summary>
    internal void CopySequence(int source, int destination)
    {
        EmptySequence(destination);
        _context.MemorySequenceCopy((LLamaSeqId)source, (LLamaSeqId)destination, -1, -1);
    }

    /// <summary>Reserves an unused sequence. <see cref="RemoveSequence"/> returns it.</summary>
    internal int RentSequence()
    {
        int free = Array.IndexOf(_rented, false);
        if (free < 0)
            throw new InvalidOperationException($"All {_rented.Length} sequences of the context are in use.");
        _rented[free] = true;
        return free;
    }

    /// <summary>Drops the tokens of a sequence.</summary>
    internal void EmptySequence(int sequence) => _context.MemorySequenceRemove((LLamaSeqId)sequence, -1, -1);

    /// <summary>Drops the tokens of a sequence and returns the sequence.</summary>
    internal void RemoveSequence(int sequence)
    {
        EmptySequence(sequence);
        _rented[sequence] = false;
    }

    /// <summary>Copies the content of a sequence out of the context.</summary>
    internal SequenceState SaveSequence(int sequence)
    {
        var state = new SequenceState(_context.GetStateSize((LLamaSeqId)sequence));
        _ = _context.GetState(state.Data, state.Bytes, (LLamaSeqId)sequence);
        return state;
    }

    /// <summary>Puts a copied sequence back; false if llama.cpp does not accept it.</summary>
    internal bool RestoreSequence(int sequence, SequenceState state) => _context.SetState(state.Data, state.Bytes, (LLamaSeqId)sequence) > 0;

    /// <summary>Empties the cache.</summary>
    internal void Clear()
    {
        _context.MemoryClear(data: IsCorrupted);
        IsCorrupted = false;
        Array.Clear(_rented);
    }

    /// <summary>Empties the cache and overwrites it.</summary>
    internal void Wipe()
    {
        IsCorrupted = true;
        Clear();
    }

    /// <summary>Marks the cache as corrupted, and creates the exception that reports this.</summary>
    internal InferenceException NotFinite()
    {
        IsCorrupted = true;
        return new InferenceException(
            InferenceError.NotFinite,
            "The model's output is not a number: nothing can be drawn or learned from it. "
                + "Where that happens with other texts too, its file is damaged: download it again, or use another one."
        );
    }

    /// <summary>Checks the output of the last batch: the hidden states, and the logits after the last token.</summary>
    /// <param name="endOfTurn">The token that closes an answer, which must be possible to draw; negative for none.</param>
    /// <exception cref="InferenceException">
    /// The output is not finite. A few tokens that cannot be drawn are accepted, because only their own rows are damaged.
    /// </exception>
    internal void RequireFinite(int endOfTurn)
    {
        ReadOnlySpan<float> logits = Logits(Batch.Count - 1);
        int broken = 0;
        foreach (float logit in logits)
            broken += float.IsNaN(logit) ? 1 : 0;
        LLamaTokenData top = default;
        bool finite =
            broken <= logits.Length / 100
            && (endOfTurn < 0 || !float.IsNaN(logits[endOfTurn]))
            && TopTokens.Select(logits, new Span<LLamaTokenData>(ref top)) > 0
            && float.IsFinite(top.Logit);
        for (int row = 0; finite && row < (_hidden?.Count ?? 0); row++)
            finite = TensorPrimitives.IsFiniteAll(Hidden(row));
        if (!finite)
            throw NotFinite();
    }

    public void Dispose()
    {
        _context.Dispose();
        _hidden?.Dispose();
        Batch.Dispose();
        _abort.Dispose();
    }

    private static string Because(string complaints) => complaints.Length == 0 ? "" : ": " + complaints;
}
