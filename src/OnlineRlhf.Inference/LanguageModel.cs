using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference;

/// <summary>A quantised language model on this device: samples several answers in one batch per step, and returns their hidden states from the same decode.</summary>
/// <remarks>One call at a time; a second one waits. Disposing frees the model's memory.</remarks>
public sealed unsafe class LanguageModel : IDisposable
{
    private const int LeastAnswer = 8;

    // A model smaller than this per thread spends its time in the barriers between threads, and hours in them on a busy machine.
    private const long BytesWorthAThread = 16 << 20;
    private readonly Lock _gate = new();
    private readonly ModelHandle _model;
    private readonly Vocabulary _vocabulary;
    private readonly ChatTemplate _template;
    private readonly DecodingContext _context;
    private readonly LanguageModelOptions _options;
    private readonly int _cells;
    private bool _disposed;

    private LanguageModel(LanguageModelOptions options, GgufFile file, ModelHandle model, bool collectHidden)
    {
        _options = options;
        _model = model;
        _vocabulary = new Vocabulary(model);
        _template = new ChatTemplate(model, options.ChatTemplate);
        Name = file.Name ?? Path.GetFileNameWithoutExtension(options.ModelPath);
        Fingerprint = file.Fingerprint;
        EmbeddingLength = NativeMethods.llama_model_n_embd(model);
        Bytes = (long)NativeMethods.llama_model_size(model);
        Threads = options.Threads > 0 ? options.Threads : (int)Math.Clamp(Bytes / BytesWorthAThread, 1, PhysicalCores.Count());
        int trained = NativeMethods.llama_model_n_ctx_train(model);
        ContextTokens = trained > 0 ? Math.Min(options.ContextTokens, trained) : options.ContextTokens;
        Hints = options.StyleHints ?? StyleHints.For(Name);
        _cells = (Cells(BuildPrompt([new ChatMessage("user", "")], [null, .. Hints])) + 255) / 256 * 256;
        _context = new DecodingContext(model, _cells, 1 + (2 * options.Candidates), Threads, EmbeddingLength, _vocabulary.Count, collectHidden);
    }

    /// <summary>The model's name, from its file.</summary>
    public string Name { get; }

    /// <summary>Tells this model file from every other: a hash of its header, its tensor table and samples of its weights.</summary>
    public string Fingerprint { get; }

    /// <summary>The width of a hidden state.</summary>
    public int EmbeddingLength { get; }

    /// <summary>Tokens of prompt and answer together.</summary>
    public int ContextTokens { get; }

    /// <summary>Bytes of the weights.</summary>
    public long Bytes { get; }

    /// <summary>Threads that decode.</summary>
    public int Threads { get; }

    /// <summary>The most answers of one request: memory is set aside for so many.</summary>
    public int MaxCandidates => _options.Candidates;

    /// <summary>The most tokens of one answer: memory is set aside for so many.</summary>
    public int MaxAnswerTokens => _options.AnswerTokens;

    /// <summary>The style hints that memory is set aside for; empty for none.</summary>
    public IReadOnlyList<string> Hints { get; }

    internal ReadOnlySpan<byte> TemplateBytes => _template.Bytes;

    internal Vocabulary Vocabulary => _vocabulary;

    internal DecodingContext Context => _context;

    /// <summary>Checks the file, then loads it. Takes from a fraction of a second to minutes, by the size of the model.</summary>
    /// <exception cref="ModelFileException">The file is missing, damaged, or not a GGUF file this program can read.</exception>
    /// <exception cref="InferenceException">llama.cpp is missing or refuses the model.</exception>
    public static LanguageModel Load(LanguageModelOptions options, CancellationToken cancellationToken = default) => Load(options, collectHidden: true, cancellationToken);

    internal static LanguageModel Load(LanguageModelOptions options, bool collectHidden, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        GgufFile file = GgufFile.Open(options.ModelPath);
        LlamaLibrary.Load(options.NativesFolder);
        LlamaLibrary.TakeComplaints();
        ModelParams parameters = NativeMethods.llama_model_default_params();
        parameters.GpuLayers = 0;
        parameters.LoadMode = ModelParams.LoadWithMemoryMap;
        using var abort = new AbortFlag();
        parameters.ProgressCallback = AbortFlag.ShouldLoadOn;
        parameters.ProgressUserData = abort.UserData;
        ModelHandle model;
        using (abort.Watch(cancellationToken))
            model = NativeMethods.llama_model_load_from_file(options.ModelPath, parameters);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (model.IsInvalid)
                throw new InferenceException(InferenceError.Model, $"llama.cpp cannot load {options.ModelPath} ({LlamaLibrary.TakeComplaints()}): use a model whose architecture llama.cpp {LlamaLibrary.Version} knows and that fits the memory.");
            if (NativeMethods.llama_model_has_encoder(model) || !NativeMethods.llama_model_has_decoder(model))
                throw new InferenceException(InferenceError.Model, $"{options.ModelPath} is an encoder ({file.Architecture}), which writes no answers: use a chat model.");
            return new LanguageModel(options, file, model, collectHidden);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Samples answers to a conversation whose last turn is the user's: distinct ones, so fewer than asked for where the model has fewer, at least one.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="hints">A style hint per candidate, null for none; its length is the number of candidates.</param>
    /// <param name="options">How to draw.</param>
    /// <param name="progress">Told of every step, with counts only.</param>
    /// <param name="cancellationToken">Looked at between steps.</param>
    /// <exception cref="InferenceException">The prompt is longer than the context, or a decode failed.</exception>
    public IReadOnlyList<Candidate> Sample(
        IReadOnlyList<ChatMessage> messages, IReadOnlyList<string?> hints, SamplingOptions options, IProgress<SamplingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentNullException.ThrowIfNull(hints);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (hints.Count == 0 || hints.Count > _options.Candidates)
            throw new ArgumentException($"candidates must be 1 to {_options.Candidates}, the number that memory was set aside for, not {hints.Count}");
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Prompt prompt = BuildPrompt(messages, hints);
            int decoded = prompt.Shared.Length + prompt.Suffixes.Sum(s => s.Length), wanted = Math.Min(options.MaxTokens, _options.AnswerTokens);
            // The first suffices for the model's own hints; others may take more cells than were set aside.
            int room = Math.Min(ContextTokens - prompt.Longest, (_cells - decoded) / hints.Count);
            if (room < Math.Min(LeastAnswer, wanted))
                throw TooLong(prompt.Longest);
            return new Generation(_context, _vocabulary, EmbeddingLength, options, prompt, hints, Math.Min(wanted, room)).Run(progress, cancellationToken);
        }
    }

    /// <summary>The hidden states of given answers to one conversation, as if the model had written them. One prompt decode for all.</summary>
    /// <exception cref="InferenceException">Prompt and answer are longer than the context, or a decode failed.</exception>
    public IReadOnlyList<HiddenBlocks> Force(IReadOnlyList<ChatMessage> messages, IReadOnlyList<string> answers, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(answers);
        return Force(messages, [.. answers.Select(Closed)], cancellationToken);
    }

    /// <summary>The same, each answer once whole and once cut in its middle.</summary>
    internal IReadOnlyList<HiddenBlocks> ForceWholeAndCut(IReadOnlyList<ChatMessage> messages, IReadOnlyList<string> answers, CancellationToken cancellationToken)
    {
        int[][] whole = [.. answers.Select(Closed)];
        return Force(messages, [.. whole, .. whole.Select(tokens => tokens[..((tokens.Length + 1) / 2)])], cancellationToken);
    }

    internal IReadOnlyList<HiddenBlocks> Force(IReadOnlyList<ChatMessage> messages, IReadOnlyList<IReadOnlyList<int>> answers, CancellationToken cancellationToken, string? hint = null)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Prompt prompt = BuildPrompt(messages, [hint]);
            return new ForcedDecode(_context, EmbeddingLength, prompt, limit: ContextTokens, TooLong).Run(answers, cancellationToken);
        }
    }

    internal Prompt BuildPrompt(IReadOnlyList<ChatMessage> messages, IReadOnlyList<string?> hints) => Prompt.Build(_vocabulary, _template, messages, hints);

    /// <summary>Frees the context and the model.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _context.Dispose();
            _model.Dispose();
        }
    }

    /// <summary>Cells of the longest round: one candidate fills the context; each other one has its answer, and each hint is decoded once.</summary>
    private int Cells(Prompt hinted)
    {
        if (hinted.Longest + Math.Min(LeastAnswer, _options.AnswerTokens) >= ContextTokens)
            throw new InferenceException(InferenceError.Model, $"The longest style hint makes a prompt of {hinted.Longest} tokens and the context holds {ContextTokens}, answer included: shorten the style_hints or raise the context setting.");
        int suffixes = hinted.Suffixes.Select(s => s.Length).OrderDescending().Take(_options.Candidates).Sum();
        return ContextTokens + ((_options.Candidates - 1) * Math.Min(_options.AnswerTokens, ContextTokens)) + suffixes;
    }

    private int[] Closed(string answer)
    {
        List<int> tokens = [];
        _vocabulary.Tokenize(answer, control: false, tokens);
        if (_vocabulary.EndOfTurn >= 0)
            tokens.Add(_vocabulary.EndOfTurn);
        return [.. tokens];
    }

    private InferenceException TooLong(int tokens) => new(InferenceError.PromptTooLong,
        $"The prompt takes {tokens} tokens and the context holds {ContextTokens}, answer included: shorten the conversation or raise the context setting.");
}
