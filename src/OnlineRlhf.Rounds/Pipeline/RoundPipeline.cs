using System.Threading.Channels;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning;
using OnlineRlhf.Learning.RewardModels;
using OnlineRlhf.Learning.Selection;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Profiles;

namespace OnlineRlhf.Rounds.Pipeline;

/// <summary>
/// Turns a request into a round: it samples candidate answers, maps them to features, chooses the pair, and opens the round. It generates one request
/// at a time, and leases the profile once for all steps.
/// </summary>
/// <param name="model">The language model, which writes the answers.</param>
/// <param name="options">How rounds are made.</param>
/// <param name="dimension">The number of features, d.</param>
/// <param name="warmUp">How much the model can write in time.</param>
/// <param name="queue">The one queue of the model.</param>
/// <param name="profiles">The profiles.</param>
/// <param name="registry">Holds the open rounds.</param>
/// <param name="events">Receives progress events.</param>
/// <param name="clock">Measures the time that a round takes.</param>
internal sealed class RoundPipeline(
    LanguageModel model,
    RoundOptions options,
    int dimension,
    WarmUp warmUp,
    GenerationQueue queue,
    ProfileCache profiles,
    RoundRegistry registry,
    EventHub events,
    TimeProvider clock
)
{
    private readonly QuestionRule _question = new(options.Usefulness, options.MaxUnaskedInARow);
    private readonly HintSelector _hints = new(model.Hints, dimension);
    private readonly AnswerForecast _forecast = new(model.Hints);

    /// <summary>How fast the model answers, according to the last measurement; null if rounds have no time limit.</summary>
    internal DecodingPace? Pace => warmUp.Pacing?.Pace;

    /// <summary>What a round on a short request samples now, if the request sets no limits.</summary>
    internal RoundBudget Budget
    {
        get
        {
            // The context must hold the prompt and the answer.
            int maxTokens = Math.Clamp(options.Sampling.MaxTokens, 1, Math.Max(1, model.ContextTokens - warmUp.PromptTokens));
            return warmUp.Pacing?.Budget(warmUp.PromptTokens, null, options.Sampling.Candidates, maxTokens, model.ThinkingBudget, options.Steering)
                ?? new RoundBudget(options.Sampling.Candidates, maxTokens, model.ThinkingBudget);
        }
    }

    /// <summary>How long it takes until the first word of such a round; null if that is not known.</summary>
    internal TimeSpan? FirstWord => options.Steering is null ? null : warmUp.Pacing?.FirstWord(warmUp.PromptTokens, Budget);

    /// <summary>Samples candidates, maps them, chooses the pair, and opens a round.</summary>
    internal async Task<Round> OpenAsync(RoundRequest request, ChannelWriter<RoundEvent.Writing>? written, CancellationToken cancellationToken)
    {
        registry.Begin(request.Profile);
        try
        {
            (request, SamplingOptions sampling) = SamplingRequest.Resolve(request, options.Sampling, model);
            Round round = await queue
                .RunAsync<Round>(
                    (served, token) =>
                    {
                        using ProfileCache.Lease lease = profiles.Acquire(request.Profile);
                        if (options.Steering is { } steering)
                            return Steer(lease.Profile, request, sampling, steering, written, served, token);
                        CandidateSet set = Sample(lease.Profile, request, sampling, token);
                        return NewRound(set, Choose(lease.Profile, request, set.Features).Shown, set.Candidates.Count, LeaderIsFirst(request));
                    },
                    cancellationToken
                )
                .ConfigureAwait(false);
            registry.Add(round);
            return round;
        }
        catch (Exception e)
        {
            registry.Abandon(
                request.Profile,
                failed: e
                    is not (
                        OperationCanceledException
                        or ObjectDisposedException
                        or RoundException
                        or InferenceException { Error: InferenceError.PromptTooLong }
                    )
            );
            throw;
        }
    }

    /// <summary>Samples candidates and maps them.</summary>
    internal Task<CandidateSet> SampleAsync(RoundRequest request, CancellationToken cancellationToken)
    {
        (request, SamplingOptions sampling) = SamplingRequest.Resolve(request, options.Sampling, model);
        return queue.RunAsync(
            token =>
            {
                using ProfileCache.Lease lease = profiles.Acquire(request.Profile);
                return Sample(lease.Profile, request, sampling, token);
            },
            cancellationToken
        );
    }

    /// <summary>Chooses the pair by the taste of the set's profile.</summary>
    internal Choice Choose(CandidateSet set)
    {
        using ProfileCache.Lease lease = profiles.Acquire(set.Request.Profile);
        return Choose(lease.Profile, set.Request, set.Features).Shown;
    }

    private CandidateSet Sample(Profile profile, RoundRequest request, SamplingOptions sampling, CancellationToken cancellationToken)
    {
        Preparation ready = Prepare(profile, request, sampling, steering: null);
        long start = clock.GetTimestamp();
        IReadOnlyList<Candidate> candidates = model.Sample(
            ready.Prompt,
            ready.Hints,
            ready.Sampling,
            ready.Progress,
            request.Profile,
            cancellationToken
        );
        warmUp.Pacing?.Took(clock.GetElapsedTime(start), ready.PromptTokens, candidates);
        if (candidates.All(c => c.Text.Length == 0))
            throw new RoundException(RoundError.NoAnswer, NoAnswer(candidates));
        CandidateSet set = CandidateSet.Of(request, ready.Map, candidates);
        _hints.Remember([.. set.Candidates.Select(c => c.Hint)], set.Features);
        return set;
    }

    /// <summary>
    /// Writes the round's answer block by block, and a second one beside it if the round asks. If it asks nothing, the round is served when its answer
    /// is whole, and the second one is finished while the person reads.
    /// </summary>
    private Round Steer(
        Profile profile,
        RoundRequest request,
        SamplingOptions sampling,
        SteeringOptions steering,
        ChannelWriter<RoundEvent.Writing>? written,
        Func<Round, CancellationToken> served,
        CancellationToken cancellationToken
    )
    {
        Preparation ready = Prepare(profile, request, sampling, steering);
        bool leaderFirst = LeaderIsFirst(request);
        Round? round = null;
        var progress = new TokenCount(ready.Progress);
        long start = clock.GetTimestamp();
        var guide = new SteeringGuide(
            ready.Map,
            request,
            _forecast,
            features => Choose(profile, request, features),
            features => profile.Read(features, static (learned, features) => learned.Score(features)),
            Settled
        );
        guide.Serve = leader => served(round = Open([leader]));
        SteeredAnswers answers = model.Steer(
            ready.Prompt,
            ready.Hints,
            ready.Sampling,
            ready.Steering!,
            guide,
            progress,
            request.Profile,
            cancellationToken
        );
        if (round is null)
            return Open(answers.Challenger is { Text.Length: > 0 } other ? [answers.Leader, other] : [answers.Leader]);
        if (answers.Challenger is { Text.Length: > 0 } unshown)
            Finish(round, unshown);
        return round;

        void Settled(string leader, string? challenger)
        {
            RoundEvent.Writing writing =
                leaderFirst || challenger is null ? new(request.Profile, leader, challenger) : new(request.Profile, challenger, leader);
            written?.TryWrite(writing);
            if (events.Followers > 0)
                events.Publish(writing);
        }

        Round Open(IReadOnlyList<Candidate> candidates)
        {
            warmUp.Pacing?.Took(clock.GetElapsedTime(start), ready.PromptTokens, candidates[0].Thoughts + candidates[0].Tokens, progress.Tokens);
            if (candidates.All(c => c.Text.Length == 0))
                throw new RoundException(RoundError.NoAnswer, NoAnswer(candidates));
            CandidateSet set = CandidateSet.Of(request, ready.Map, candidates);
            for (int i = 0; i < set.Candidates.Count; i++)
                guide.Finish(isLeader: i == 0, set.Candidates[i], set.Features[i]);
            // The hint selector learns from all first blocks, exactly where they became whole answers.
            _hints.Remember(guide.Hints, new CandidateFeatures(guide.Features, set.Dimension));
            Choice choice =
                set.Candidates.Count == 2
                    ? new Choice(0, 1, profile.Read(set.Features, static (learned, pair) => learned.Uncertainty(pair[1], pair[0])))
                    : new Choice(0, null, 0);
            return NewRound(set, choice, guide.Hints.Count, leaderFirst);
        }

        void Finish(Round round, Candidate unshown)
        {
            try
            {
                CandidateSet set = CandidateSet.Of(request, ready.Map, [unshown]);
                guide.Finish(isLeader: false, unshown, set.Features[0]);
                round.Finish(unshown, set.Features[0]);
            }
            catch (InferenceException)
            {
                // An answer without features cannot be compared. Nobody waits for it.
            }
        }
    }

    private Preparation Prepare(Profile profile, RoundRequest request, SamplingOptions sampling, SteeringOptions? steering)
    {
        TokenizedPrompt prompt = model.Tokenize(request.Messages);
        bool isServed = steering is not null && (request.Ask ?? options.Ask) == AskMode.Never;
        steering = steering?.For(isServed, _forecast.ExpectedTokens);
        int promptTokens = 0;
        if (warmUp.Pacing is { } pacing)
        {
            promptTokens = model.PromptTokens(prompt, sampling.Temperature == 0 ? null : request.Profile);
            (sampling, steering) = InTime(pacing, promptTokens, request, sampling, steering);
        }
        // Read the profile first: an unreadable state must fail before the model works for seconds.
        (FeatureMap map, string?[] hints) = profile.Read((map, learned) => (map, Hints(learned)));
        var progress = new ProgressPublisher(events, request.Profile);
        // Report before sampling, because reading the prompt takes a while too.
        progress.Report(new SamplingProgress(0, 0, hints.Length));
        if (hints.Length == 1 && steering is not null)
            steering = SteeringOptions.Unsteered;
        return new Preparation(prompt, promptTokens, sampling, steering, map, hints, progress);

        string?[] Hints(OnePassRewardModel learned)
        {
            if (!isServed)
                return _hints.Assign(learned, sampling.Candidates, sampling.Seed);
            // Before the first press all answers are worth the same, so one is enough.
            return learned.Comparisons == 0 ? [null] : _hints.AssignLikeliest(learned, sampling.Candidates, sampling.Seed);
        }
    }

    /// <summary>Limits a round to what there is time for.</summary>
    private (SamplingOptions Sampling, SteeringOptions? Steering) InTime(
        Pacing pacing,
        int promptTokens,
        RoundRequest request,
        SamplingOptions sampling,
        SteeringOptions? steering
    )
    {
        // At temperature 0 the answer must be the same each time. A budget would change its length, because the pace differs from round to round.
        if (sampling.Temperature == 0)
            return (sampling, steering);
        RoundBudget budget = pacing.Budget(promptTokens, request.Candidates, sampling.Candidates, sampling.MaxTokens, model.ThinkingBudget, steering);
        sampling = sampling with
        {
            Candidates = budget.Candidates,
            MaxTokens = request.MaxTokens ?? budget.MaxTokens,
            // Some models think even though their template does not announce it. Their thoughts keep the limit of the settings.
            ThinkingBudget = model.ThinkingBudget > 0 ? budget.Thoughts : sampling.ThinkingBudget,
        };
        return (sampling, steering is null ? null : steering with { FirstBlock = budget.FirstBlock });
    }

    private PairChoice Choose(Profile profile, RoundRequest request, CandidateFeatures candidates)
    {
        if (candidates.Count == 1)
            return new PairChoice(0, null, 0, IsAsked: false);
        return profile.Read(
            candidates,
            (learned, candidates) =>
            {
                Pair pair = ExplorationRule.Select(learned, candidates);
                AskMode mode = request.Ask ?? options.Ask;
                bool ask =
                    mode == AskMode.Always
                    || (mode == AskMode.WhenUseful && _question.IsUseful(learned, candidates, pair.Leader, profile.UnaskedInARow));
                if (mode != AskMode.Never)
                    profile.UnaskedInARow = ask ? 0 : profile.UnaskedInARow + 1;
                return new PairChoice(pair.Leader, pair.Challenger, pair.Uncertainty, ask);
            }
        );
    }

    private Round NewRound(CandidateSet set, Choice choice, int candidates, bool leaderFirst) =>
        new(ProfileName.NewRoundId(set.Request.Profile), set, choice, candidates, leaderFirst, clock, options.Lifetime);

    private static bool LeaderIsFirst(RoundRequest request) =>
        request.Seed is { } seed ? (seed * 0x9E3779B9u >> 31) == 0 : Random.Shared.Next(2) == 0;

    private static string NoAnswer(IReadOnlyList<Candidate> candidates) =>
        candidates.Max(c => c.Thoughts) is > 0 and var thoughts
            ? $"The model thought for {thoughts} tokens and wrote no answer: raise max_tokens or context, or try again."
            : "The model wrote no answer to this: say it in other words, or try again.";

    /// <summary>What a generation begins with.</summary>
    private sealed record Preparation(
        TokenizedPrompt Prompt,
        int PromptTokens,
        SamplingOptions Sampling,
        SteeringOptions? Steering,
        FeatureMap Map,
        string?[] Hints,
        ProgressPublisher Progress
    );

    /// <summary>Remembers how many tokens were drawn.</summary>
    private sealed class TokenCount(IProgress<SamplingProgress> progress) : IProgress<SamplingProgress>
    {
        internal int Tokens { get; private set; }

        public void Report(SamplingProgress value)
        {
            Tokens = value.Tokens;
            progress.Report(value);
        }
    }

    /// <summary>Publishes progress in order, on the thread that generates.</summary>
    private sealed class ProgressPublisher(EventHub events, string profile) : IProgress<SamplingProgress>
    {
        public void Report(SamplingProgress value)
        {
            if (events.Followers > 0)
                events.Publish(new RoundEvent.Generating(profile, value));
        }
    }
}
