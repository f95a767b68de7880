using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference;

/// <summary>
/// A quantised language model on this device: samples several answers in one batch per step, and returns their hidden states from the same decode.
/// </summary>
/// <remarks>One call at a time; a second one waits. Disposing frees the model's memory.</remarks>
public sealed class LanguageModel : IDisposable
{
    private static readonly TimeSpan LoadingSign = TimeSpan.FromSeconds(10),
        LongestSweep = TimeSpan.FromSeconds(10);
    private readonly Lock _gate = new();
    private readonly LanguageModelOptions _options;
    private readonly GgufFile _file;
    private readonly GpuMarker _marker;
    private readonly bool _collectHidden;
    private readonly ITimer _expiry;
    private readonly TimeSpan _sweep;
    private LoadedModel _loaded;
    private DecodingPace? _pace;
    private bool _disposed;

    private LanguageModel(LanguageModelOptions options, GgufFile file, bool collectHidden, CancellationToken cancellationToken)
    {
        _options = options;
        _file = file;
        _collectHidden = collectHidden;
        _marker = new GpuMarker(options.GpuMarker);
        _expiry = options.Clock.CreateTimer(_ => DropExpired(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        // A conversation outlives its time by this at most.
        _sweep = options.ConversationLifetime / 4 < LongestSweep ? options.ConversationLifetime / 4 : LongestSweep;
        Natives = LlamaLibrary.Load(options.NativesFolder, options.CpuVariant);
        try
        {
            (_loaded, Device, _pace) = new DeviceSelection(options, Natives, _marker, Open).Choose(cancellationToken);
        }
        catch (InferenceException e) when (e.Error == InferenceError.NotFinite)
        {
            throw new InferenceException(
                InferenceError.NotFinite,
                $"{options.ModelPath} computes what is not a number: it is damaged. Download it again, or use another one.",
                e
            );
        }
    }

    /// <summary>
    /// Told after every decode, of prompts too, and from time to time while the model is loaded again: the engine works. On the thread that decodes;
    /// to be quick.
    /// </summary>
    public event Action? Progressed;

    /// <summary>Told when a request fails because the model's file was changed: from here on every one will.</summary>
    public event Action<InferenceException>? FileChanged;

    /// <summary>llama.cpp's libraries that compute it.</summary>
    public LlamaNatives Natives { get; }

    /// <summary>The model's name, from its file.</summary>
    public string Name => _loaded.Name;

    /// <summary>Tells this model file from every other: a hash of its header, its tensor table and samples of its weights.</summary>
    public string Fingerprint => _file.Fingerprint;

    /// <summary>The width of a hidden state.</summary>
    public int EmbeddingLength => _loaded.EmbeddingLength;

    /// <summary>Tokens of prompt and answer together.</summary>
    public int ContextTokens => _loaded.ContextTokens;

    /// <summary>Bytes of the weights.</summary>
    public long Bytes => _loaded.Bytes;

    /// <summary>Threads that decode.</summary>
    public int Threads => _loaded.Threads;

    /// <summary>What runs the model, and why.</summary>
    public DeviceReport Device { get; internal set; }

    /// <summary>The most answers of one request: memory is set aside for so many.</summary>
    public int MaxCandidates => _options.Candidates;

    /// <summary>The most tokens of one answer: memory is set aside for so many.</summary>
    public int MaxAnswerTokens => _options.AnswerTokens;

    /// <summary>The style hints that memory is set aside for; empty for none.</summary>
    public IReadOnlyList<string> Hints => _loaded.Hints;

    /// <summary>How the model thinks before it answers and what is done about it, for people.</summary>
    public string Thinking => _loaded.Thinking.Describe(_options.ThinkingBudget);

    /// <summary>Tokens of thoughts that come before each answer at most; 0 where none are expected.</summary>
    public int ThinkingBudget => _loaded.ThinkingBudget;

    /// <summary>What is assumed where the file has no chat template, and what to do; null where it has one, or the options name one.</summary>
    public string? TemplateNote => ModelInspection.AssumedTemplate(_file, _options);

    internal ReadOnlySpan<byte> TemplateBytes => _loaded.Template.Bytes;

    internal Vocabulary Vocabulary => _loaded.Vocabulary;

    internal DecodingContext Context => _loaded.Context;

    /// <summary>Checks the file, then loads it. Takes from a fraction of a second to minutes, by the size of the model.</summary>
    /// <exception cref="ModelFileException">The file is missing, damaged, or not a GGUF file this program can read.</exception>
    /// <exception cref="InferenceException">llama.cpp is missing or refuses the model.</exception>
    public static LanguageModel Load(LanguageModelOptions options, CancellationToken cancellationToken = default) =>
        Load(options, collectHidden: true, cancellationToken);

    internal static LanguageModel Load(LanguageModelOptions options, bool collectHidden, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new LanguageModel(options, GgufFile.Open(options.ModelPath), collectHidden, cancellationToken);
    }

    /// <summary>Loads llama.cpp, without a model.</summary>
    /// <exception cref="InferenceException">It is missing, of another version, or has no build for this processor.</exception>
    public static LlamaNatives LoadEngine(LanguageModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return LlamaLibrary.Load(options.NativesFolder, options.CpuVariant);
    }

    /// <summary>The GPU that the options let a model run on, without loading one; null with the reason where there is none.</summary>
    /// <exception cref="InferenceException">llama.cpp is missing or of another version.</exception>
    public static (string? Name, string Why) FindGpu(LanguageModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Device == DeviceChoice.Cpu)
            return (null, "the device setting says so");
        LlamaNatives natives = LlamaLibrary.Load(options.NativesFolder, options.CpuVariant);
        return (GpuDevices.Find(natives, options.Device == DeviceChoice.VulkanSoftware, out string problem)?.Name, problem);
    }

    /// <summary>
    /// How fast the model decodes as many candidates as one request may have; measured once, by a short decode. That it answers shows too.
    /// </summary>
    /// <exception cref="InferenceException">The decode failed.</exception>
    public DecodingPace Measure(CancellationToken cancellationToken = default) =>
        OnDevice(() => _pace ??= _loaded.Measure(_options.Candidates, cancellationToken));

    /// <summary>
    /// How fast the model decodes at the length that rounds have: a step of as many candidates as one request may have, behind a prompt of 256
    /// tokens,
    /// or of half the context where that is less.
    /// </summary>
    /// <exception cref="InferenceException">The decode failed.</exception>
    public RoundPace MeasureRound(CancellationToken cancellationToken = default) =>
        OnDevice(() => _loaded.MeasureRound(_options.Candidates, cancellationToken));

    /// <summary>
    /// Tokens that a request with this conversation has the model read: what is new in it once, and what follows it with each style hint.
    /// </summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="owner">Whose conversation it is; null where all of it is read again, as at temperature 0.</param>
    public int PromptTokens(IReadOnlyList<ChatMessage> messages, string? owner = "")
    {
        ArgumentNullException.ThrowIfNull(messages);
        // Nothing is computed, so that no GPU is marked as working.
        return Guarded(() =>
            Unchanged(() =>
            {
                Prompt prompt = BuildPrompt(messages, [null, .. Hints.Take(MaxCandidates - 1)]);
                return prompt.Shared.Length
                    - (owner is null ? 0 : _loaded.Conversations.Known(owner, prompt.Shared))
                    + prompt.Suffixes.Sum(s => s.Length);
            })
        );
    }

    /// <summary>
    /// Samples answers to a conversation whose last turn is the user's: distinct ones, so fewer than asked for where the model has fewer, at least
    /// one.
    /// </summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="hints">A style hint per candidate, null for none; its length is the number of candidates.</param>
    /// <param name="options">How to draw.</param>
    /// <param name="progress">Told of every step, with counts only.</param>
    /// <param name="owner">Whose conversation it is: what was read of it is kept, and no other owner's request goes on from it.</param>
    /// <param name="cancellationToken">Looked at between steps.</param>
    /// <exception cref="InferenceException">The prompt is longer than the context, or a decode failed.</exception>
    public IReadOnlyList<Candidate> Sample(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string?> hints,
        SamplingOptions options,
        IProgress<SamplingProgress>? progress = null,
        string owner = "",
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentNullException.ThrowIfNull(hints);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (hints.Count == 0 || hints.Count > _options.Candidates)
            throw new ArgumentException(
                $"candidates must be 1 to {_options.Candidates}, the number that memory was set aside for, not {hints.Count}"
            );
        return OnDevice(() =>
        {
            Sweep();
            Prompt prompt = BuildPrompt(messages, hints);
            int decoded = prompt.Shared.Length + prompt.Suffixes.Sum(s => s.Length),
                answer = Math.Min(options.MaxTokens, _options.AnswerTokens);
            // The first suffices for the model's own hints; others may take more cells than were set aside.
            int room = Math.Min(ContextTokens - prompt.Longest, (_loaded.CellCount - decoded) / hints.Count);
            if (room < Math.Min(LoadedModel.LeastAnswer, answer))
                throw TooLong(prompt.Longest);
            // Where there is less room than for both, the answer has its own first. Thoughts that nobody expected get half.
            answer = Math.Min(answer, room);
            int thoughts = Math.Min(options.ThinkingBudget, _loaded.Thinking.IsOn ? Math.Min(_loaded.ThinkingBudget, room - answer) : room / 2);
            var limits = new AnswerLimits(room, answer, thoughts, _loaded.Thinking);
            try
            {
                return new Generation(Context, _loaded.Conversations, owner, Vocabulary, EmbeddingLength, options, prompt, hints, limits).Run(
                    progress,
                    cancellationToken
                );
            }
            finally
            {
                _expiry.Change(_sweep, _sweep);
            }
        });
    }

    /// <summary>
    /// Asked about owners of conversations, from time to time and before each request: whether what was read of theirs is to be dropped. Null keeps
    /// all.
    /// </summary>
    public Func<string, bool>? IsForgotten { get; set; }

    /// <summary>
    /// The hidden states of given answers to one conversation, as if the model had written them. One prompt decode for all; the states of each are
    /// the
    /// same bit for bit whatever was decoded before, and beside which others it stands.
    /// </summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="answers">The answers.</param>
    /// <param name="cancellationToken">Looked at between steps.</param>
    /// <exception cref="InferenceException">Prompt and answer are longer than the context, or a decode failed.</exception>
    public IReadOnlyList<HiddenBlocks> Force(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string> answers,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(messages);
        ArgumentNullException.ThrowIfNull(answers);
        return OnDevice(() => Read(messages, [.. answers.Select(Closed)], null, cancellationToken));
    }

    /// <summary>The same, each answer once whole and once cut in its middle.</summary>
    internal IReadOnlyList<HiddenBlocks> ForceWholeAndCut(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string> answers,
        CancellationToken cancellationToken
    ) =>
        OnDevice(() =>
        {
            int[][] whole = [.. answers.Select(Closed)];
            return Read(messages, [.. whole, .. whole.Select(tokens => tokens[..((tokens.Length + 1) / 2)])], null, cancellationToken);
        });

    internal IReadOnlyList<HiddenBlocks> Force(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<IReadOnlyList<int>> answers,
        CancellationToken cancellationToken,
        string? hint = null
    ) => OnDevice(() => Read(messages, answers, hint, cancellationToken));

    internal Prompt BuildPrompt(IReadOnlyList<ChatMessage> messages, IReadOnlyList<string?> hints) => _loaded.BuildPrompt(messages, hints);

    /// <summary>Frees the context and the model.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            _expiry.Dispose();
            _loaded.Dispose();
        }
    }

    /// <summary>
    /// One at a time, with the GPU's marker where one is used. A GPU that fails, or whose output is not a number, is left for the CPU, where the work
    /// is done anew; where the model cannot be loaded there, each call tries it again.
    /// </summary>
    internal T OnDevice<T>(Func<T> work) => Guarded(() => Device.IsCpu ? Unchanged(work) : OnGpu(work));

    /// <summary>One at a time, with a model that is loaded.</summary>
    private T Guarded<T>(Func<T> work)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            try
            {
                if (_loaded.IsDisposed)
                    LoadOnCpu();
                return work();
            }
            catch (InferenceException e) when (e.Error == InferenceError.ModelChanged)
            {
                FileChanged?.Invoke(e);
                throw;
            }
        }
    }

    private T OnGpu<T>(Func<T> work)
    {
        using (_marker.Enter())
        {
            try
            {
                T result = Unchanged(work);
                return Context.IsCorrupted ? throw Context.NotFinite() : result;
            }
            catch (InferenceException e) when (e.Error is InferenceError.Decode or InferenceError.NotFinite)
            {
                Device = new DeviceReport(DeviceSelection.Cpu, null, $"{Device.Name} failed: {e.Message}");
                _pace = null;
                _loaded.Dispose();
            }
        }
        LoadOnCpu();
        return Unchanged(work);
    }

    /// <summary>Before each decode the file is looked at too; what was changed during the last one shows behind it.</summary>
    private T Unchanged<T>(Func<T> work)
    {
        _file.RequireUnchanged();
        T result = work();
        _file.RequireUnchanged();
        return result;
    }

    private void LoadOnCpu()
    {
        // llama.cpp says nothing while it reads a whole file from a slow disk.
        using var loading = new Timer(_ => Progressed?.Invoke(), null, TimeSpan.Zero, LoadingSign);
        try
        {
            _loaded = Open(null, CancellationToken.None);
        }
        catch (InferenceException e) when (e.Error != InferenceError.ModelChanged)
        {
            throw new InferenceException(
                InferenceError.Device,
                $"{Device.Why} Then the model could not be loaded on the CPU: {e.Message} The next request tries it again.",
                e
            );
        }
    }

    private LoadedModel Open(GpuDevice? gpu, CancellationToken cancellationToken)
    {
        _file.RequireUnchanged();
        return LoadedModel.Open(_options, _file, gpu, _collectHidden, () => Progressed?.Invoke(), cancellationToken);
    }

    private void Sweep()
    {
        _loaded.Conversations.DropExpired();
        if (IsForgotten is { } isForgotten)
            _loaded.Conversations.Forget(isForgotten);
    }

    /// <summary>
    /// Drops conversations that nobody has gone on with, and those of forgotten owners. Where a request runs, the next time will do.
    /// </summary>
    private void DropExpired()
    {
        if (!_gate.TryEnter())
            return;
        try
        {
            if (_disposed || _loaded.IsDisposed)
                return;
            Sweep();
            if (_loaded.Conversations.IsEmpty)
                _expiry.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
        finally
        {
            _gate.Exit();
        }
    }

    private List<HiddenBlocks> Read(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<IReadOnlyList<int>> answers,
        string? hint,
        CancellationToken cancellationToken
    )
    {
        _loaded.Conversations.Offload();
        return new ForcedDecode(Context, EmbeddingLength, _loaded.BuildAnswerPrompt(messages, hint), limit: ContextTokens, _loaded.MoreContext).Run(
            answers,
            cancellationToken
        );
    }

    private int[] Closed(string answer)
    {
        List<int> tokens = [];
        Vocabulary.Tokenize(answer, control: false, tokens);
        if (Vocabulary.EndOfTurn >= 0)
            tokens.Add(Vocabulary.EndOfTurn);
        return [.. tokens];
    }

    private InferenceException TooLong(int tokens) =>
        new(
            InferenceError.PromptTooLong,
            $"The prompt takes {tokens} tokens and the context holds {ContextTokens}, answer included: shorten the conversation{_loaded.MoreContext}."
        );
}
