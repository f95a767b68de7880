using System.Numerics.Tensors;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Llama;

/// <summary>A llama_context with its batch and its hidden states: decodes tokens of several sequences that share prefixes. One thread at a time.</summary>
internal sealed unsafe class DecodingContext : IDisposable
{
    /// <summary>Tokens per decode, and per micro-batch.</summary>
    internal const int BatchTokens = 512;

    /// <summary>Output rows per decode; llama.cpp reserves memory for them and aborts beyond.</summary>
    internal const int OutputRows = 64;

    private const int Aborted = 2;

    private readonly ContextHandle _context;
    private readonly HiddenStates? _hidden;
    private readonly AbortFlag _abort = new();
    private readonly BorrowedHandle _memory;
    private readonly int _vocabulary;
    private readonly Action _decoding, _decoded;

    /// <param name="model">The model.</param>
    /// <param name="cells">Tokens that the cache holds.</param>
    /// <param name="sequences">The most sequences.</param>
    /// <param name="threads">Threads that decode.</param>
    /// <param name="embedding">The width of a hidden state.</param>
    /// <param name="vocabulary">Tokens of the vocabulary.</param>
    /// <param name="collectHidden">Whether hidden states are wanted.</param>
    /// <param name="decoding">Called before every decode; what it throws keeps that from being made.</param>
    /// <param name="decoded">Called after every decode.</param>
    internal DecodingContext(ModelHandle model, int cells, int sequences, int threads, int embedding, int vocabulary, bool collectHidden,
        Action decoding, Action decoded)
    {
        _vocabulary = vocabulary;
        (_decoding, _decoded) = (decoding, decoded);
        ContextParams parameters = NativeMethods.llama_context_default_params();
        parameters.ContextCells = (uint)cells;
        parameters.Batch = BatchTokens;
        parameters.MicroBatch = BatchTokens;
        parameters.SequencesMax = (uint)sequences;
        parameters.OutputsMax = OutputRows;
        parameters.OutputsMaxPerSequence = 0;
        parameters.Threads = threads;
        parameters.ThreadsBatch = threads;
        parameters.PoolingType = 0;
        parameters.UnifiedCache = 1;
        if (collectHidden)
        {
            _hidden = new HiddenStates(embedding, OutputRows);
            parameters.EvaluationCallback = HiddenStates.Callback;
            parameters.EvaluationUserData = _hidden.UserData;
        }
        parameters.AbortCallback = AbortFlag.ShouldAbort;
        parameters.AbortUserData = _abort.UserData;
        _context = new ContextHandle(model, parameters);
        if (_context.IsInvalid)
        {
            _abort.Dispose();
            _hidden?.Dispose();
            throw new InferenceException(InferenceError.Model, $"llama.cpp could not make a context of {cells} tokens ({LlamaLibrary.TakeComplaints()}): lower the context setting or use a smaller model.");
        }
        _memory = new BorrowedHandle(_context, NativeMethods.llama_get_memory(_context));
        Batch = new TokenBatch(BatchTokens);
    }

    internal TokenBatch Batch { get; }

    /// <summary>Tokens decoded since the context was made: what shows that a prompt was decoded once.</summary>
    internal long TokensDecoded { get; private set; }

    /// <summary>Whether the cache may hold what is not a number, which some kernels spread to other sequences; until it is cleared.</summary>
    internal bool IsSpoilt { get; private set; }

    /// <summary>Decodes what <see cref="Batch"/> holds. Cancelled in the middle on the CPU: a long prompt takes seconds.</summary>
    internal void Decode(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _decoding();
        _hidden?.Clear();
        TokensDecoded += Batch.Count;
        int code;
        using (_abort.Watch(cancellationToken))
            code = NativeMethods.llama_decode(_context, Batch.Native);
        if (code == Aborted)
            throw new OperationCanceledException(cancellationToken);
        if (code != 0)
            throw new InferenceException(InferenceError.Decode, $"llama.cpp could not decode {Batch.Count} tokens (code {code}{Because(LlamaLibrary.TakeComplaints())}).");
        if (_hidden is not null && _hidden.Count != Batch.Outputs)
            throw new InferenceException(InferenceError.Model, $"This model's architecture gives {_hidden.Count} hidden states for {Batch.Outputs} tokens: nothing can be learned from it.");
        _decoded();
    }

    /// <summary>The logits of the token at an index of the last batch; valid until the next decode.</summary>
    internal ReadOnlySpan<float> Logits(int batchIndex) => new(NativeMethods.llama_get_logits_ith(_context, batchIndex), _vocabulary);

    /// <summary>The hidden state of an output row of the last batch; valid until the next decode.</summary>
    internal ReadOnlySpan<float> Hidden(int outputRow) => _hidden![outputRow];

    /// <summary>Lets a sequence share all that another holds.</summary>
    internal void CopySequence(int source, int destination)
    {
        RemoveSequence(destination);
        NativeMethods.llama_memory_seq_cp(_memory, source, destination, -1, -1);
    }

    internal void RemoveSequence(int sequence) => NativeMethods.llama_memory_seq_rm(_memory, sequence, -1, -1);

    /// <summary>Empties the cache.</summary>
    internal void Clear()
    {
        NativeMethods.llama_memory_clear(_memory, data: IsSpoilt);
        IsSpoilt = false;
    }

    /// <summary>Marks the cache as spoilt, and says so.</summary>
    internal InferenceException NotFinite()
    {
        IsSpoilt = true;
        return new InferenceException(InferenceError.NotFinite,
            "The model's output is not a number: nothing can be drawn or learned from it. "
            + "Where that happens with other texts too, its file is damaged: download it again, or use another one.");
    }

    /// <summary>Looks at the output of the last batch: the hidden states, and whether a token can be drawn behind the last one.</summary>
    /// <exception cref="InferenceException">It is not a number.</exception>
    internal void RequireFinite()
    {
        TokenData top = default;
        bool finite = TopTokens.Select(Logits(Batch.Count - 1), new Span<TokenData>(ref top)) > 0 && float.IsFinite(top.Logit);
        for (int row = 0; finite && row < (_hidden?.Count ?? 0); row++)
            finite = TensorPrimitives.IsFiniteAll(Hidden(row));
        if (!finite)
            throw NotFinite();
    }

    public void Dispose()
    {
        _memory.Dispose();
        _context.Dispose();
        _hidden?.Dispose();
        Batch.Dispose();
        _abort.Dispose();
    }

    private static string Because(string complaints) => complaints.Length == 0 ? "" : ": " + complaints;
}
