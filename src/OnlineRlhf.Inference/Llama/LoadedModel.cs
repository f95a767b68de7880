using LLama.Native;
using OnlineRlhf.Inference.Conversations;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Llama;

/// <summary>A model on one device, with its context. If the device changes, the model is loaded again.</summary>
internal sealed unsafe class LoadedModel : IDisposable
{
    internal const int LeastAnswer = 8;

    /// <summary>
    /// The length of the prompt that is used to measure the pace of rounds, in tokens: a request with its template and some conversation.
    /// </summary>
    private const int RoundPrompt = 256;

    // With fewer bytes per thread, threads mostly wait at the barriers between them, and on a busy machine for hours.
    private const long BytesWorthAThread = 16 << 20;
    private const int AllLayers = int.MaxValue;
    private readonly SafeLlamaModelHandle _model;
    private (int Prompt, int Turn)? _frame;

    private LoadedModel(LanguageModelOptions options, GgufFile file, SafeLlamaModelHandle model, bool collectHidden, Action decoded)
    {
        _model = model;
        Vocabulary = new Vocabulary(model);
        Template = new ChatTemplate(model, options.ChatTemplate);
        Thinking = Thinking.Of(Template.Own, options.Thinking);
        Name = file.Name ?? Path.GetFileNameWithoutExtension(options.ModelPath);
        EmbeddingLength = model.EmbeddingSize;
        Bytes = (long)model.SizeInBytes;
        Threads = options.Threads > 0 ? options.Threads : (int)Math.Clamp(Bytes / BytesWorthAThread, 1, ProcessorCores.Count());
        int trained = model.ContextSize;
        ContextTokens = trained > 0 ? Math.Min(options.ContextTokens, trained) : options.ContextTokens;
        MoreContext = trained > 0 && ContextTokens == trained ? "; this model holds no more" : " or raise the context setting";
        Hints = options.StyleHints ?? StyleHints.For(Name);
        ThinkingBudget = Thinking.IsOn ? options.ThinkingBudget : 0;
        CellCount = (Cells(options, BuildPrompt([new ChatMessage("user", "")], [null, .. Hints])) + 255) / 256 * 256;
        Context = new DecodingContext(
            model,
            CellCount,
            Sequences(options.Candidates),
            Threads,
            EmbeddingLength,
            collectHidden,
            file.RequireUnchanged,
            decoded
        );
        Conversations = new ConversationCache(Context, options.Conversations, options.ConversationLifetime, options.Clock);
    }

    /// <summary>
    /// How many sequences a request needs: the one that it continues, its prompt, and for each candidate one for its hint and one for its answer.
    /// </summary>
    internal static int Sequences(int candidates) => 2 + (2 * candidates);

    internal string Name { get; }

    internal int EmbeddingLength { get; }

    internal int ContextTokens { get; }

    /// <summary>The end of an error's sentence: what else than a shorter text helps if the context is too small.</summary>
    internal string MoreContext { get; }

    internal long Bytes { get; }

    internal int Threads { get; }

    internal IReadOnlyList<string> Hints { get; }

    internal Vocabulary Vocabulary { get; }

    internal ChatTemplate Template { get; }

    /// <summary>Whether and how the model thinks before it answers.</summary>
    internal Thinking Thinking { get; }

    /// <summary>The most tokens of thoughts before each answer, for which memory is reserved; 0 if none are expected.</summary>
    internal int ThinkingBudget { get; }

    internal DecodingContext Context { get; }

    /// <summary>What the model has read of the last conversations.</summary>
    internal ConversationCache Conversations { get; }

    /// <summary>How many tokens the cache holds, for all sequences together.</summary>
    internal int CellCount { get; }

    /// <summary>Whether the memory is freed. The properties that describe the model stay valid.</summary>
    internal bool IsDisposed { get; private set; }

    /// <summary>How many layers are on the GPU, such as "31/31"; null without a GPU.</summary>
    internal string? Layers { get; private init; }

    /// <exception cref="InferenceException">llama.cpp refuses the model, or the model does not fit the device.</exception>
    internal static LoadedModel Open(
        LanguageModelOptions options,
        GgufFile file,
        GpuDevice? gpu,
        bool collectHidden,
        Action decoded,
        CancellationToken cancellationToken
    )
    {
        LlamaLibrary.TakeOffloaded();
        SafeLlamaModelHandle model = LoadFile(options.ModelPath, file, gpu, vocabularyOnly: false, cancellationToken);
        try
        {
            return new LoadedModel(options, file, model, collectHidden, decoded) { Layers = gpu is null ? null : LlamaLibrary.TakeOffloaded() };
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Loads the whole file, or only its vocabulary.</summary>
    /// <exception cref="InferenceException">llama.cpp refuses the model, or the model writes no answers.</exception>
    internal static SafeLlamaModelHandle LoadFile(
        string path,
        GgufFile file,
        GpuDevice? gpu,
        bool vocabularyOnly,
        CancellationToken cancellationToken
    )
    {
        LlamaLibrary.TakeComplaints();
        // An empty list of devices keeps llama.cpp from using the devices that it finds.
        nint* devices = stackalloc nint[2];
        devices[0] = gpu?.Handle ?? 0;
        devices[1] = 0;
        using var abort = new AbortFlag();
        ModelParams parameters = LlamaLibrary.Layout.ModelParams(
            devices,
            gpu is null ? 0 : AllLayers,
            AbortFlag.ShouldLoadOn,
            abort.UserData,
            vocabularyOnly
        );
        SafeLlamaModelHandle model;
        using (abort.Watch(cancellationToken))
            model = NativeMethods.llama_model_load_from_file(path, parameters);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (model.IsInvalid)
                throw new InferenceException(
                    InferenceError.Model,
                    $"llama.cpp cannot load {path} ({LlamaLibrary.TakeComplaints()}): "
                        + $"use a model whose architecture llama.cpp {LlamaLibrary.Layout.Version} knows and that fits the memory."
                );
            if (model.HasEncoder || !model.HasDecoder)
                throw new InferenceException(
                    InferenceError.Model,
                    $"{path} is an encoder ({file.Architecture}), which writes no answers: use a chat model."
                );
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Turns a conversation into tokens, for the model to answer.</summary>
    internal TokenizedPrompt Tokenize(IReadOnlyList<ChatMessage> messages) => Tokenize(messages, Thinking.Start);

    /// <summary>The conversation without its oldest turns, if it would leave no room for an answer.</summary>
    internal IReadOnlyList<ChatMessage> Fit(IReadOnlyList<ChatMessage> messages, int answerTokens)
    {
        (int shortest, int perTurn) = _frame ??= Frame();
        int room = ContextTokens - shortest - Math.Min(answerTokens, ContextTokens / 2);
        (IReadOnlyList<ChatMessage> fitting, int tokens) = ConversationFit.Fit(
            messages,
            m => perTurn + Vocabulary.CountTokens(m.Content, ContextTokens),
            room
        );
        // What is too long all the same is not tokenised as a whole: a text of millions of characters takes seconds.
        return tokens <= ContextTokens ? fitting : throw TooLong($"more than {ContextTokens}");
    }

    /// <summary>How many tokens the template takes: for a prompt with the longest hint, and for each further turn.</summary>
    private (int Prompt, int Turn) Frame()
    {
        ChatMessage turn = new("user", "x");
        int further = Tokenize([turn, turn with { Role = "assistant" }, turn]).Tokens - Tokenize([turn]).Tokens;
        return (BuildPrompt([turn], [null, .. Hints]).Longest, (further + 1) / 2);
    }

    /// <summary>The prompts of a request for answers to a conversation.</summary>
    internal Prompt BuildPrompt(IReadOnlyList<ChatMessage> messages, IReadOnlyList<string?> hints) => Tokenize(messages).With(Vocabulary, hints);

    /// <summary>A prompt that is followed by an answer without thoughts.</summary>
    internal Prompt BuildAnswerPrompt(IReadOnlyList<ChatMessage> messages, string? hint) =>
        Tokenize(messages, Thinking.AnswerStart).With(Vocabulary, [hint]);

    private TokenizedPrompt Tokenize(IReadOnlyList<ChatMessage> messages, string start) =>
        TokenizedPrompt.Of(Vocabulary, Template, messages, Thinking.Flag, start);

    /// <summary>The tokens of an answer, closed like the model's own answers.</summary>
    internal int[] Closed(string answer)
    {
        List<int> tokens = [];
        Vocabulary.Tokenize(answer, control: false, tokens);
        if (Vocabulary.EndOfTurn >= 0)
            tokens.Add(Vocabulary.EndOfTurn);
        return [.. tokens];
    }

    /// <summary>How long the thoughts and answers after a prompt may be. If there is no room for both, the answer gets its room first.</summary>
    /// <param name="prompt">The prompts of all candidates.</param>
    /// <param name="answer">The most tokens of an answer.</param>
    /// <param name="thoughts">The most tokens of thoughts.</param>
    /// <exception cref="InferenceException">There is no room for an answer.</exception>
    internal AnswerLimits LimitsOf(Prompt prompt, int answer, int thoughts)
    {
        int decoded = prompt.Shared.Length + prompt.Suffixes.Sum(s => s.Length);
        // Check both limits: hints that differ from the model's own may need more cells than were reserved.
        int room = Math.Min(ContextTokens - prompt.Longest, (CellCount - decoded) / prompt.Groups.Length);
        if (room < Math.Min(LeastAnswer, answer))
            throw TooLong($"{prompt.Longest}");
        answer = Math.Min(answer, room);
        // Thoughts that the template does not announce get half of the room.
        thoughts = Math.Min(thoughts, Thinking.IsOn ? Math.Min(ThinkingBudget, room - answer) : room / 2);
        return new AnswerLimits(room, answer, thoughts, Thinking);
    }

    private InferenceException TooLong(string tokens) =>
        new(
            InferenceError.PromptTooLong,
            $"The prompt takes {tokens} tokens and the context holds {ContextTokens}, answer included: shorten the conversation{MoreContext}."
        );

    /// <summary>Measures how fast the model decodes. Costs two short prompts and about ten steps.</summary>
    /// <exception cref="InferenceException">A decode failed, or its output is not finite.</exception>
    internal DecodingPace Measure(int candidates, CancellationToken cancellationToken) => Probe(candidates, cancellationToken).Run();

    /// <summary>
    /// Measures how fast the model decodes texts of the length that rounds have. Costs a prompt of 256 tokens or half the context, and some steps.
    /// </summary>
    /// <exception cref="InferenceException">A decode failed, or its output is not finite.</exception>
    internal RoundPace MeasureRound(int candidates, CancellationToken cancellationToken)
    {
        int[] words = ProbePrompt();
        int[] tokens = new int[Math.Min(RoundPrompt, ContextTokens / 2)];
        for (int i = 0; i < tokens.Length; i++)
            tokens[i] = words[i % words.Length];
        return new PaceProbe(Context, tokens, Vocabulary.EndOfTurn, candidates, cancellationToken).RunRound();
    }

    /// <summary>Checks that the model's output is finite. Costs a short prompt.</summary>
    /// <exception cref="InferenceException">The decode failed, or its output is not finite.</exception>
    internal void Check(CancellationToken cancellationToken) => Probe(candidates: 1, cancellationToken).Check();

    private PaceProbe Probe(int candidates, CancellationToken cancellationToken)
    {
        int[] tokens = ProbePrompt();
        return new PaceProbe(Context, tokens[..Math.Min(tokens.Length, ContextTokens / 2)], Vocabulary.EndOfTurn, candidates, cancellationToken);
    }

    private int[] ProbePrompt()
    {
        // A probe needs the whole context.
        Conversations.Offload();
        Prompt prompt = BuildPrompt([new ChatMessage("user", "Tell me about the weather in the mountains, and what to wear there.")], [null]);
        return [.. prompt.Shared, .. prompt.Suffixes[0]];
    }

    public void Dispose()
    {
        IsDisposed = true;
        Conversations.Dispose();
        Context.Dispose();
        _model.Dispose();
    }

    /// <summary>
    /// How many cells the longest round needs: one candidate fills the context, each other one adds its answer, and each hint is decoded once.
    /// </summary>
    private int Cells(LanguageModelOptions options, Prompt hinted)
    {
        if (hinted.Longest + Math.Min(LeastAnswer, options.AnswerTokens) >= ContextTokens)
            throw new InferenceException(
                InferenceError.Model,
                $"The longest style hint makes a prompt of {hinted.Longest} tokens and the context holds {ContextTokens}, "
                    + $"answer included: shorten the style_hints{MoreContext}."
            );
        int suffixes = hinted.Suffixes.Select(s => s.Length).OrderDescending().Take(options.Candidates).Sum();
        return ContextTokens
            + ((options.Candidates - 1) * Math.Min(options.AnswerTokens + Thinking.Reserve(options.ThinkingBudget), ContextTokens))
            + suffixes;
    }
}
