using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference;

/// <summary>
/// A quantised language model on this device. It samples several answers together, one batch for each step, and takes their hidden states from the
/// same decode.
/// </summary>
/// <remarks>Handles one call at a time; a second call waits. Disposing frees the model's memory.</remarks>
public sealed class LanguageModel : IDisposable
{
    private static readonly TimeSpan LongestSweep = TimeSpan.FromSeconds(10);
    private readonly LanguageModelOptions _options;
    private readonly GgufFile _file;
    private readonly ITimer _expiry;
    private readonly TimeSpan _sweep;

    private LanguageModel(LanguageModelOptions options, GgufFile file, bool collectHidden, CancellationToken cancellationToken)
    {
        _options = options;
        _file = file;
        Natives = LlamaLibrary.Load(options.NativesFolder, options.CpuVariant);
        Runner = new ModelRunner(options, file, Natives, collectHidden, () => Progressed?.Invoke(), cancellationToken)
        {
            FileChanged = e => FileChanged?.Invoke(e),
        };
        _expiry = options.Clock.CreateTimer(_ => DropExpired(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        // The sweep drops an expired conversation at most this much too late.
        _sweep = options.ConversationLifetime / 4 < LongestSweep ? options.ConversationLifetime / 4 : LongestSweep;
    }

    /// <summary>
    /// Raised after every decode, including decodes of prompts, and from time to time while the model is loaded again. It shows that the engine
    /// works. Handlers run on the decoding thread and must be quick.
    /// </summary>
    public event Action? Progressed;

    /// <summary>Raised when a request fails because the model's file was changed. From then on every request fails.</summary>
    public event Action<InferenceException>? FileChanged;

    /// <summary>The libraries of llama.cpp that run the model.</summary>
    public LlamaNatives Natives { get; }

    /// <summary>The model's name, from its file.</summary>
    public string Name => Runner.Loaded.Name;

    /// <summary>Identifies the model file: a hash of its header, its tensor table and samples of its weights.</summary>
    public string Fingerprint => _file.Fingerprint;

    /// <summary>The width of a hidden state.</summary>
    public int EmbeddingLength => Runner.Loaded.EmbeddingLength;

    /// <summary>The length of the context, which prompt and answer share, in tokens.</summary>
    public int ContextTokens => Runner.Loaded.ContextTokens;

    /// <summary>The size of the weights in bytes.</summary>
    public long Bytes => Runner.Loaded.Bytes;

    /// <summary>How many threads decode.</summary>
    public int Threads => Runner.Loaded.Threads;

    /// <summary>Which device runs the model, and why.</summary>
    public DeviceReport Device
    {
        get => Runner.Device;
        internal set => Runner.Device = value;
    }

    /// <summary>The most answers of one request, for which memory is reserved.</summary>
    public int MaxCandidates => _options.Candidates;

    /// <summary>The most tokens of one answer, for which memory is reserved.</summary>
    public int MaxAnswerTokens => _options.AnswerTokens;

    /// <summary>The style hints that memory is reserved for; empty for none.</summary>
    public IReadOnlyList<string> Hints => Runner.Loaded.Hints;

    /// <summary>How the model thinks before it answers, and what the program does about it, for people.</summary>
    public string Thinking => Runner.Loaded.Thinking.Describe(_options.ThinkingBudget);

    /// <summary>The most tokens that the model may think before each answer; 0 if it is not expected to think.</summary>
    public int ThinkingBudget => Runner.Loaded.ThinkingBudget;

    /// <summary>
    /// Which chat template is assumed because the file has none, and what to do; null if the file has one, or the options name one.
    /// </summary>
    public string? TemplateNote => ModelInspection.AssumedTemplate(_file, _options);

    internal ReadOnlySpan<byte> TemplateBytes => Runner.Loaded.Template.Bytes;

    internal Vocabulary Vocabulary => Runner.Loaded.Vocabulary;

    internal DecodingContext Context => Runner.Loaded.Context;

    /// <summary>Checks the file, then loads it. This takes from a fraction of a second to minutes, depending on the size of the model.</summary>
    /// <exception cref="ModelFileException">The file is missing, damaged, or not a GGUF file this program can read.</exception>
    /// <exception cref="InferenceException">llama.cpp is missing or refuses the model.</exception>
    public static LanguageModel Load(LanguageModelOptions options, CancellationToken cancellationToken = default) =>
        Load(options, collectHidden: true, cancellationToken);

    internal static LanguageModel Load(LanguageModelOptions options, bool collectHidden, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new LanguageModel(options, GgufFile.Open(options.ModelPath), collectHidden, cancellationToken);
    }

    /// <summary>
    /// Measures how fast the model decodes as many candidates as one request may have. This happens once, by a short decode. It also shows that the
    /// model answers.
    /// </summary>
    /// <exception cref="InferenceException">The decode failed.</exception>
    public DecodingPace Measure(CancellationToken cancellationToken = default) => Runner.Measure(cancellationToken);

    /// <summary>
    /// Measures how fast the model decodes texts of the length that rounds have: steps of as many candidates as one request may have, after a prompt
    /// of 256 tokens, or of half the context if that is less.
    /// </summary>
    /// <exception cref="InferenceException">The decode failed.</exception>
    public RoundPace MeasureRound(CancellationToken cancellationToken = default) =>
        Runner.Run(model => model.MeasureRound(_options.Candidates, cancellationToken));

    /// <summary>Turns a conversation into this model's tokens. The result serves all calls about this conversation.</summary>
    /// <param name="messages">The conversation; its last turn is the user's.</param>
    public TokenizedPrompt Tokenize(IReadOnlyList<ChatMessage> messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Runner.RunWithoutDecoding(model => model.Tokenize(messages));
    }

    /// <summary>The conversation without its oldest turns, if it would leave no room for an answer.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="answerTokens">The room that the answer needs. It gets half of the context at most.</param>
    public IReadOnlyList<ChatMessage> Fit(IReadOnlyList<ChatMessage> messages, int answerTokens)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return Runner.RunWithoutDecoding(model => model.Fit(messages, answerTokens));
    }

    /// <summary>
    /// How many tokens the model must read for a request with this conversation: the new tokens once, and those after them for each style hint.
    /// </summary>
    /// <param name="prompt">The conversation.</param>
    /// <param name="owner">The owner of the conversation; null if all of it is read again, as at temperature 0.</param>
    public int PromptTokens(TokenizedPrompt prompt, string? owner = "")
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return Runner.RunWithoutDecoding(model =>
        {
            Prompt hinted = prompt.With(model.Vocabulary, [null, .. model.Hints.Take(MaxCandidates - 1)]);
            int known = owner is null ? 0 : model.Conversations.Known(owner, hinted.Shared);
            return hinted.Shared.Length - known + hinted.Suffixes.Sum(s => s.Length);
        });
    }

    /// <summary>The same for a conversation that is needed only once.</summary>
    public int PromptTokens(IReadOnlyList<ChatMessage> messages, string? owner = "") => PromptTokens(Tokenize(messages), owner);

    /// <summary>
    /// Samples distinct answers to a conversation whose last turn is the user's. There are fewer than requested if the model repeats itself, but at
    /// least one.
    /// </summary>
    /// <param name="prompt">The conversation.</param>
    /// <param name="hints">The style hint of each candidate, null for none. The length is the number of candidates.</param>
    /// <param name="options">How to sample.</param>
    /// <param name="progress">Receives the counts after every step.</param>
    /// <param name="owner">
    /// The owner of the conversation. What the model has read is kept, and only requests of the same owner continue from it.
    /// </param>
    /// <param name="cancellationToken">Checked between steps.</param>
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
        return Generate(prompt, hints, options, owner, setup => new Generation(setup).Run(progress, cancellationToken));
    }

    /// <summary>The same for a conversation that is needed only once.</summary>
    public IReadOnlyList<Candidate> Sample(
        IReadOnlyList<ChatMessage> messages,
        IReadOnlyList<string?> hints,
        SamplingOptions options,
        IProgress<SamplingProgress>? progress = null,
        string owner = "",
        CancellationToken cancellationToken = default
    ) => Sample(Tokenize(messages), hints, options, progress, owner, cancellationToken);

    /// <summary>Writes an answer block by block, as a guide chooses, and a second one to compare it with if the guide wants one.</summary>
    /// <param name="prompt">The conversation.</param>
    /// <param name="hints">The style hint of each candidate of the first block, null for none.</param>
    /// <param name="options">How to sample.</param>
    /// <param name="steering">The blocks.</param>
    /// <param name="guide">Chooses after every block.</param>
    /// <param name="progress">Receives the counts after every step.</param>
    /// <param name="owner">The owner of the conversation.</param>
    /// <param name="cancellationToken">Checked between steps.</param>
    /// <exception cref="InferenceException">The prompt is longer than the context, or a decode failed.</exception>
    public SteeredAnswers Steer(
        TokenizedPrompt prompt,
        IReadOnlyList<string?> hints,
        SamplingOptions options,
        SteeringOptions steering,
        IAnswerGuide guide,
        IProgress<SamplingProgress>? progress = null,
        string owner = "",
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(steering);
        ArgumentNullException.ThrowIfNull(guide);
        return Generate(prompt, hints, options, owner, setup => new SteeredGeneration(setup, steering, guide).Run(progress, cancellationToken));
    }

    /// <summary>Lets the model write a word that nobody sees. Only this shows that the model answers; reading its file does not.</summary>
    /// <exception cref="InferenceException">The model does not answer.</exception>
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
            // The check at loading succeeded with another text. So the weights of one word are damaged, and requests without it can still be served.
        }
    }

    /// <summary>
    /// Says whether the conversations of an owner are to be dropped. The model calls it before each request, and from time to time. Null keeps
    /// all conversations.
    /// </summary>
    public Func<string, bool>? IsForgotten { get; set; }

    internal ModelRunner Runner { get; }

    internal Prompt BuildPrompt(IReadOnlyList<ChatMessage> messages, IReadOnlyList<string?> hints) => Runner.Loaded.BuildPrompt(messages, hints);

    private T Generate<T>(
        TokenizedPrompt prompt,
        IReadOnlyList<string?> hints,
        SamplingOptions options,
        string owner,
        Func<GenerationSetup, T> generate
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
        return Runner.Run(model =>
        {
            Sweep(model);
            Prompt hinted = prompt.With(model.Vocabulary, hints);
            AnswerLimits limits = model.LimitsOf(hinted, Math.Min(options.MaxTokens, _options.AnswerTokens), options.ThinkingBudget) with
            {
                Stops = new StopSequences(options.Stop),
                IsContinued = prompt.IsContinued,
            };
            try
            {
                return generate(
                    new GenerationSetup(
                        model.Context,
                        model.Conversations,
                        owner,
                        model.Vocabulary,
                        model.EmbeddingLength,
                        options,
                        hinted,
                        hints,
                        limits
                    )
                );
            }
            finally
            {
                _expiry.Change(_sweep, _sweep);
            }
        });
    }

    /// <summary>Frees the context and the model.</summary>
    public void Dispose()
    {
        // Stop the timer last: a request that still runs would restart it.
        Runner.Dispose();
        _expiry.Dispose();
    }

    internal T OnDevice<T>(Func<T> work) => Runner.Run(_ => work());

    private void Sweep(LoadedModel model)
    {
        model.Conversations.DropExpired();
        if (IsForgotten is { } isForgotten)
            model.Conversations.Forget(isForgotten);
    }

    /// <summary>
    /// Drops conversations that were not continued in time, and those of forgotten owners. If a request runs, this waits for the next tick of
    /// the timer.
    /// </summary>
    private void DropExpired() =>
        Runner.TryRun(model =>
        {
            Sweep(model);
            if (model.Conversations.IsEmpty)
                _expiry.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        });
}
