using OnlineRlhf.Benchmarks.Engine;
using OnlineRlhf.Benchmarks.Measuring;
using OnlineRlhf.Benchmarks.Reporting;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Benchmarks.Chat;

/// <summary>
/// What a turn of a conversation costs beside llama.cpp's own server: the same file, tokens, threads and libraries, turn by turn. The engine also
/// computes
/// features. A further turn is also held against a bare decode of the batches that it needs.
/// </summary>
internal static class ChatBenchmark
{
    private const int Candidates = 8,
        MaxTokens = 80,
        Context = 2048,
        LongTokens = 1000;
    private const double ShortBar = 1.1,
        FurtherBar = 1.2,
        BareBar = 1.1;
    private const string Further = "Which of these would you do first, and why?";

    private static readonly ChatMessage[] Short = [new("user", "How do I keep my houseplants alive while I travel?")];

    /// <param name="report">Takes the measurements.</param>
    /// <param name="natives">The folder with llama.cpp's libraries and its server; null where there is none.</param>
    /// <param name="directory">A folder for the state of rounds.</param>
    /// <param name="threads">Threads that decode; 0 takes one.</param>
    /// <param name="pairs">How often each is measured.</param>
    internal static void Run(Report report, string? natives, string directory, int threads, int pairs)
    {
        threads = Math.Max(threads, 1);
        report.Begin("chat", $"a turn of a conversation, SmolLM2, {threads} thread(s), at most {MaxTokens} tokens an answer");
        string? server = natives is null ? null : Path.Combine(natives, "llama-server");
        if (EngineBenchmark.SmolModel is { } path && File.Exists(server))
            Measure(report, path, natives!, server, directory, threads, pairs);
        else if (EngineBenchmark.SmolModel is null)
            report.Note($"Left out: {EngineBenchmark.SmolVariable} names no file of SmolLM2.");
        else
            report.Note("Left out: llama.cpp's server is not built (build-llama-server.sh says what it needs).");
        report.Note(
            "Each turn is asked of both engines, one after the other; the ratio is the median over these pairs. The server writes "
                + "as many tokens as the engine did."
        );
        report.Note($"A further turn stands behind {LongTokens} tokens or more of conversation and an answer that was written without a style hint.");
        report.Print();
    }

    private static void Measure(Report report, string path, string natives, string server, string directory, int threads, int pairs)
    {
        var options = new LanguageModelOptions
        {
            ModelPath = path,
            NativesFolder = natives,
            ContextTokens = Context,
            AnswerTokens = MaxTokens,
            Candidates = Candidates,
            Threads = threads,
        };
        using LanguageModel model = LanguageModel.Load(options);
        using LanguageModel bare = LanguageModel.Load(options with { Conversations = 1 }, collectHidden: false);
        using LlamaServer other = LlamaServer.Start(server, path, Context, threads);
        var turn = new Turn(model, bare, other, new FeatureMap(model.EmbeddingLength, FeatureMap.Calibrate(model), TextStatistics.For("en")));
        foreach (int candidates in (int[])[1, Candidates])
        {
            Kind(isFurther: false, candidates);
            Kind(isFurther: true, candidates);
        }
        options = options with { AnswerTokens = 160 };
        using LanguageModel served = LanguageModel.Load(options);
        new FirstWordBenchmark(report, served, other, directory).RunAsync(pairs).GetAwaiter().GetResult();

        void Kind(bool isFurther, int candidates)
        {
            string name = $"{(isFurther ? "further turn" : "short question")}, n = {candidates}";
            List<double> engine = [],
                servers = [],
                ratios = [],
                bares = [];
            int excess = 0;
            for (int pair = -1; pair < pairs; pair++)
            {
                TurnTimes times = turn.Take(isFurther, candidates, seed: (uint)(pair + 2));
                if (pair < 0)
                    continue;
                engine.Add(times.Engine);
                servers.Add(times.Server);
                ratios.Add(times.Engine / times.Server);
                bares.Add(times.Engine / times.Bare);
                excess = Math.Max(excess, times.Excess);
            }
            report.Add(new Measurement($"{name}: the engine, median", engine.Median(), "ms"));
            report.Add(new Measurement($"{name}: llama.cpp's server for one answer, median", servers.Median(), "ms"));
            report.Add(
                new Measurement(
                    $"{name}: the engine against the server, median of {pairs}",
                    ratios.Median(),
                    AtMost: candidates > 1 ? null
                        : isFurther ? FurtherBar
                        : ShortBar
                )
            );
            report.Add(new Measurement($"{name}: the same, quartiles, lower", ratios.Quantile(0.25)));
            report.Add(new Measurement($"{name}: the same, quartiles, upper", ratios.Quantile(0.75)));
            report.Add(new Measurement($"{name}: the engine against a bare decode, median", bares.Median(), AtMost: isFurther ? BareBar : null));
            report.Add(new Measurement($"{name}: tokens decoded beyond what is new", excess, AtMost: 0));
        }
    }

    /// <summary>What one turn took, in milliseconds, and how many tokens it decoded that it need not have.</summary>
    private readonly record struct TurnTimes(double Engine, double Server, double Bare, int Excess);

    private sealed class Turn(LanguageModel model, LanguageModel bare, LlamaServer server, FeatureMap map)
    {
        private readonly float[] _features = new float[map.Dimension];
        private int _conversations;

        internal TurnTimes Take(bool isFurther, int candidates, uint seed)
        {
            string?[] hints = candidates == 1 ? [null] : StyleHints.Assign(model.Hints, candidates, seed);
            // A run that drew a duplicate anew has other batches than its candidates show: such a seed is passed over.
            while (true)
            {
                string owner = $"{++_conversations}";
                ChatMessage[] messages = isFurther ? Behind(owner, ref seed) : Short;
                Prompt prompt = model.BuildPrompt(messages, hints);
                int known = isFurther ? prompt.Shared.Length - New(messages, owner) : 0;
                var drawn = new LastProgress();
                IReadOnlyList<Candidate> answers = [];
                long before = model.Context.TokensDecoded;
                double engine = Clock.Milliseconds(() => answers = Answer(messages, hints, ++seed, owner, drawn));
                if (answers.Count != candidates || drawn.Tokens != answers.Sum(a => a.Tokens))
                    continue;
                var steps = new TokenSteps(prompt, answers);
                int excess = (int)(model.Context.TokensDecoded - before - (steps.Tokens - known));

                int[] plain = [.. prompt.Shared, .. model.BuildPrompt(messages, [null]).Suffixes[0]];
                // One token more of another text, so that nothing of the last measurement is known.
                _ = server.Complete(isFurther ? plain[..known] : [0], 1, seed);
                int read = 0;
                double served = Clock.Milliseconds(() => read = server.Complete(plain, answers[0].Tokens, seed));
                if (read != plain.Length - known)
                    throw new InvalidOperationException($"llama-server read {read} tokens of a prompt of which {plain.Length - known} are new.");
                steps.Prepare(bare.Context, known);
                double decode = Clock.Milliseconds(() => steps.Replay(bare.Context, known));
                return new TurnTimes(engine, served, decode, excess);
            }
        }

        /// <summary>Has a long conversation read and answered, and says what comes next.</summary>
        private ChatMessage[] Behind(string owner, ref uint seed)
        {
            ChatMessage[] messages = Long(owner);
            while (true)
            {
                Candidate answer = Answer(messages, [null], ++seed, owner, new LastProgress())[0];
                ChatMessage[] further = [.. messages, new("assistant", answer.Text), new("user", Further)];
                Prompt first = model.BuildPrompt(messages, [null]),
                    next = model.BuildPrompt(further, [null]);
                // Where the text has other tokens than were drawn, the answer is read again: not what is measured here.
                if (next.Shared.AsSpan().StartsWith([.. first.Shared, .. first.Suffixes[0], .. answer.TokenIds]))
                    return further;
            }
        }

        /// <summary>How many tokens of the prompt that all candidates share are new.</summary>
        private int New(ChatMessage[] messages, string owner)
        {
            int suffixes = model.BuildPrompt(messages, [null, .. model.Hints.Take(model.MaxCandidates - 1)]).Suffixes.Sum(s => s.Length);
            return model.PromptTokens(messages, owner) - suffixes;
        }

        private IReadOnlyList<Candidate> Answer(ChatMessage[] messages, string?[] hints, uint seed, string owner, LastProgress drawn)
        {
            IReadOnlyList<Candidate> candidates = model.Sample(
                messages,
                hints,
                new SamplingOptions
                {
                    Candidates = hints.Length,
                    MaxTokens = MaxTokens,
                    Seed = seed,
                },
                drawn,
                owner
            );
            foreach (Candidate candidate in candidates)
                map.Map(candidate.Hidden, messages[^1].Content, candidate.Text, _features);
            return candidates;
        }

        private ChatMessage[] Long(string owner)
        {
            const string Sentence = " The balcony has nine pots of herbs, two tomatoes and a fern that wants shade and water every other day.";
            string text = $"This is question {owner}.";
            ChatMessage[] messages;
            do
            {
                text += Sentence;
                messages = [new("user", text + " What should I prepare before I travel for two weeks?")];
            } while (model.BuildPrompt(messages, [null]).Shared.Length < LongTokens);
            return messages;
        }
    }
}
