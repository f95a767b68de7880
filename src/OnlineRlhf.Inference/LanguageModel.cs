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
    private static readonly TimeSpan LongestSweep = TimeSpan.FromSeconds(10);
    private readonly LanguageModelOptions _options;
    private readonly GgufFile _file;
    private readonly ModelRunner _runner;
    private readonly ITimer _expiry;
    private readonly TimeSpan _sweep;

    private LanguageModel(LanguageModelOptions options, GgufFile file, bool collectHidden, CancellationToken cancellationToken)
    {
        _options = options;
        _file = file;
        Natives = LlamaLibrary.Load(options.NativesFolder, options.CpuVariant);
        _runner = new ModelRunner(options, file, Natives, collectHidden, () => Progressed?.Invoke(), cancellationToken)
        {
            FileChanged = e => FileChanged?.Invoke(e),
        };
        _expiry = options.Clock.CreateTimer(_ => DropExpired(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        // A conversation outlives its time by this at most.
        _sweep = options.ConversationLifetime / 4 < LongestSweep ? options.ConversationLifetime / 4 : LongestSweep;
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
    public string Name => _runner.Loaded.Name;

    /// <summary>Tells this model file from every other: a hash of its header, its tensor table and samples of its weights.</summary>
    public string Fingerprint => _file.Fingerprint;

    /// <summary>The width of a hidden state.</summary>
    public int EmbeddingLength => _runner.Loaded.EmbeddingLength;

    /// <summary>Tokens of prompt and answer together.</summary>
    public int ContextTokens => _runner.Loaded.ContextTokens;

    /// <summary>Bytes of the weights.</summary>
    public long Bytes => _runner.Loaded.Bytes;

    /// <summary>Threads that decode.</summary>
    public int Threads => _runner.Loaded.Threads;

    /// <summary>What runs the model, and why.</summary>
    public DeviceReport Device
    {
        get => _runner.Device;
        internal set => _runner.Device = value;
    }

    /// <summary>The most answers of one request: memory is set aside for so many.</summary>
    public int MaxCandidates => _options.Candidates;

    /// <summary>The most tokens of one answer: memory is set aside for so many.</summary>
    public int MaxAnswerTokens => _options.AnswerTokens;

    /// <summary>The style hints that memory is set aside for; empty for none.</summary>
    public IReadOnlyList<string> Hints => _runner.Loaded.Hints;

    /// <summary>How the model thinks before it answers and what is done about it, for people.</summary>
    public string Thinking => _runner.Loaded.Thinking.Describe(_options.ThinkingBudget);

    /// <summary>Tokens of thoughts that come before each answer at most; 0 where none are expected.</summary>
    public int ThinkingBudget => _runner.Loaded.ThinkingBudget;

    /// <summary>What is assumed where the file has no chat template, and what to do; null where it has one, or the options name one.</summary>
    public string? TemplateNote => ModelInspection.AssumedTemplate(_file, _options);

    internal ReadOnlySpan<byte> TemplateBytes => _runner.Loaded.Template.Bytes;

    internal Vocabulary Vocabulary => _runner.Loaded.Vocabulary;

    internal DecodingContext Context => _runner.Loaded.Context;

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
    public DecodingPace Measure(CancellationToken cancellationToken = default) => _runner.Measure(cancellationToken);

    /// <summary>
    /// How fast the model decodes at the length that rounds have: a step of as many candidates as one request may have, behind a prompt of 256
    /// tokens, or of half the context where that is less.
    /// </summary>
    /// <exception cref="InferenceException">The decode failed.</exception>
    public RoundPace MeasureRound(CancellationToken cancellationToken = default) =>
        _runner.Run(model => model.MeasureRound(_options.Candidates, cancellationToken));

    /// <summary>Turns a conversation into this model's tokens, once for all that is asked about it.</summary>
    /// <param name="messages">The conversation; its last turn is the user's.</param>
    public TokenizedPrompt Tokenize(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return _runner.Look(model => model.Tokenize(messages));
    }

    /// <summary>
    /// Tokens that a request with this conversation has the model read: what is new in it once, and what follows it with each style hint.
    /// </summary>
    /// <param name="prompt">The conversation.</param>
    /// <param name="owner">Whose conversation it is; null where all of it is read again, as at temperature 0.</param>
    public int PromptTokens(TokenizedPrompt prompt, string? owner = "")
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return _runner.Look(model =>
        {
            Prompt hinted = prompt.With(model.Vocabulary, [null, .. model.Hints.Take(MaxCandidates - 1)]);
            int known = owner is null ? 0 : model.Conversations.Known(owner, hinted.Shared);
            return hinted.Shared.Length - known + hinted.Suffixes.Sum(s => s.Length);
        });
    }

    /// <summary>The same of a conversation that nothing else is asked about.</summary>
    public int PromptTokens(IReadOnlyList<ChatMessage> messages, string? owner = "") => PromptTokens(Tokenize(messages), owner);

    /// <summary>
    /// Samples answers to a conversation whose last turn is the user's: distinct ones, so fewer than asked for where the model has fewer, at least
    /// one.
    /// </summary>
    /// <param name="prompt">The conversation.</param>
    /// <param name="hints">A style hint per candidate, null for none; its length is the number of candidates.</param>
    /// <param name="options">How to draw.</param>
    /// <param name="progress">Told of every step, with counts only.</param>
    /// <param name="owner">Whose conversation it is: what was read of it is kept, and no other owner's request goes on from it.</param>
    /// <param name="cancellationToken">Looked at between steps.</param>
    /// <exception cref="InferenceException">The prompt is longer than the context, or a decode failed.</exception>
    public IReadOnlyList<Candidate> Sample(
        TokenizedPrompt prompt,
        IReadOnlyList<string?> hints,
        SamplingOptions options,
        IProgress<SamplingProgress>? progress = null,
        string owner = "",
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(hints);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (hints.Count == 0 || hints.Count > _options.Candidates)
            throw new ArgumentException(
                $"candidates must be 1 to {_options.Candidates}, the number that memory was set aside for, not {hints.Count}"
            );
        return _runner.Run(model =>
        {
            Sweep(model);
            Prompt hinted = prompt.With(model.Vocabulary, hints);
            AnswerLimits limits = model.LimitsOf(hinted, Math.Min(options.MaxTokens, _options.AnswerTokens), options.ThinkingBudget);
            try
            {
                return new Generation(
                    model.Context,
                    model.Conversations,
                    owner,
                    model.Vocabulary,
                    model.EmbeddingLength,
                    options,
                    hinted,
                    hints,
                    limits
                ).Run(progress, cancellationToken);
            }
            finally
            {
                _expiry.Change(_sweep, _sweep);
            }
        });
    }

    /// <summary>The same for a conversation that nothing else is asked about.</summary>
    public IReadOnlyList<Candidate> Sample(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string?> hints,
        SamplingOptions options,
        IProgress<SamplingProgress>? progress = null,
        string owner = "",
        CancellationToken cancellationToken = default
    ) => Sample(Tokenize(messages), hints, options, progress, owner, cancellationToken);

    /// <summary>Lets the model say a word, unseen: that it answers is more than that its file was read.</summary>
    /// <exception cref="InferenceException">It does not answer.</exception>
    public void WarmUp(TokenizedPrompt prompt, CancellationToken cancellationToken = default)
    {
        var word = new SamplingOptions
        {
            Candidates = 1,
            MaxTokens = 2,
            ThinkingBudget = 0,
        };
        try
        {
            Sample(prompt, [null], word, cancellationToken: cancellationToken);
        }
        catch (InferenceException e) when (e.Error == InferenceError.NotFinite)
        {
            // Another text was fine when the model was loaded: the weights of a word are damaged, and requests without it are served.
        }
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
        return _runner.Run(model => Read(model, messages, [.. answers.Select(model.Closed)], null, cancellationToken));
    }

    /// <summary>The same, each answer once whole and once cut in its middle.</summary>
    internal IReadOnlyList<HiddenBlocks> ForceWholeAndCut(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string> answers,
        CancellationToken cancellationToken
    ) =>
        _runner.Run(model =>
        {
            int[][] whole = [.. answers.Select(model.Closed)];
            return Read(model, messages, [.. whole, .. whole.Select(tokens => tokens[..((tokens.Length + 1) / 2)])], null, cancellationToken);
        });

    internal IReadOnlyList<HiddenBlocks> Force(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<IReadOnlyList<int>> answers,
        CancellationToken cancellationToken,
        string? hint = null
    ) => _runner.Run(model => Read(model, messages, answers, hint, cancellationToken));

    internal Prompt BuildPrompt(IReadOnlyList<ChatMessage> messages, IReadOnlyList<string?> hints) => _runner.Loaded.BuildPrompt(messages, hints);

    /// <summary>Frees the context and the model.</summary>
    public void Dispose()
    {
        // After the request that runs, which starts the timer anew.
        _runner.Dispose();
        _expiry.Dispose();
    }

    internal T OnDevice<T>(Func<T> work) => _runner.Run(_ => work());

    private void Sweep(LoadedModel model)
    {
        model.Conversations.DropExpired();
        if (IsForgotten is { } isForgotten)
            model.Conversations.Forget(isForgotten);
    }

    /// <summary>
    /// Drops conversations that nobody has gone on with, and those of forgotten owners. Where a request runs, the next time will do.
    /// </summary>
    private void DropExpired() =>
        _runner.TryLook(model =>
        {
            Sweep(model);
            if (model.Conversations.IsEmpty)
                _expiry.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        });

    private static List<HiddenBlocks> Read(
        LoadedModel model,
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<IReadOnlyList<int>> answers,
        string? hint,
        CancellationToken cancellationToken
    )
    {
        model.Conversations.Offload();
        Prompt prompt = model.BuildAnswerPrompt(messages, hint);
        return new ForcedDecode(model.Context, model.EmbeddingLength, prompt, limit: model.ContextTokens, model.MoreContext).Run(
            answers,
            cancellationToken
        );
    }
}
