using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Learning.Selection;
using OnlineRlhf.Rounds.DataSets;
using OnlineRlhf.Rounds.Profiles;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds;

/// <summary>
/// The loop from a request to a better answer: sample candidates, choose a pair, take the preference, make it durable, learn it.
/// The only place where these are put together. Safe for concurrent use; one request is generated at a time.
/// </summary>
public sealed class PreferenceLoop : IDisposable
{
    private const int ModelFolderDigits = 16;

    // Below it the likeliest token is as good as certain, and dividing by it overflows in the end.
    private const float LeastTemperature = 1e-3f;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly LanguageModel _model;
    private readonly FeatureMaps _maps;
    private readonly RoundOptions _options;
    private readonly TimeProvider _clock;
    private readonly ProfileCache _profiles;
    private readonly RoundRegistry _registry;
    private readonly GenerationQueue _queue;
    private readonly QuestionRule _question;
    private readonly HintSelector _hints;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly FeedbackHandler _feedback;
    private readonly ComparisonHandler _comparisons;
    private Pacing? _pacing;
    private int _shortPrompt;

    /// <summary>Puts the loop together. The model stays the caller's.</summary>
    /// <param name="model">The language model.</param>
    /// <param name="stateDirectory">Where profiles live, and the calibration of the feature map.</param>
    /// <param name="options">How rounds are made.</param>
    /// <param name="clock">Every clock of the loop.</param>
    /// <param name="cancellationToken">Ends the calibration of a model that was never seen before: it takes a while.</param>
    /// <param name="calibrating">Told before such a model is measured.</param>
    /// <param name="opened">
    /// Told of each profile that was opened from the disk and how, and of one whose files were removed while it was open: an operator wants to know.
    /// </param>
    public PreferenceLoop(
        LanguageModel model,
        string stateDirectory,
        RoundOptions options,
        TimeProvider clock,
        Action<string, RecoveryReport>? opened = null,
        Action? calibrating = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        _model = model;
        _options = options;
        _clock = clock;
        _maps = FeatureMaps.Load(model, stateDirectory, calibrating, cancellationToken);
        _question = new QuestionRule(options.Usefulness, options.MaxUnaskedInARow);
        _hints = new HintSelector(model.Hints, FeatureMap.Dimension);
        _queue = new GenerationQueue(options.QueueLength, clock);
        model.Progressed += _queue.Progressed;
        _registry = new RoundRegistry(clock, Events);
        string profiles = Path.Combine(stateDirectory, "profiles");
        // The names of profiles are for the owner alone too.
        if (Directory.Exists(profiles) && File.GetUnixFileMode(profiles) != OwnerOnly)
            File.SetUnixFileMode(profiles, OwnerOnly);
        // A folder per model: another model starts a state of its own and leaves this one for its return.
        string own = Path.Combine(profiles, model.Fingerprint[..ModelFolderDigits]);
        var forgotten = new ForgottenProfiles(own);
        model.IsForgotten = forgotten.Take;
        _profiles = new ProfileCache(own, _maps, options.HyperParameters, options.ProfilesInMemory, Opened);
        _feedback = new FeedbackHandler(_registry, _profiles, _turn, Events, options.ProfilesStored);
        _comparisons = new ComparisonHandler(model, _queue, _profiles, _turn, Events, options.ProfilesStored);

        void Opened(string profile, RecoveryReport recovery)
        {
            if (recovery.Outcome == RecoveryOutcome.Removed)
                forgotten.Removed(profile);
            else
                forgotten.Opened(profile);
            opened?.Invoke(profile, recovery);
        }
    }

    /// <summary>What happens, as it happens.</summary>
    public EventHub Events { get; } = new();

    /// <summary>The map from answers to features of a new profile; a stored one has the scales that it was founded with.</summary>
    public FeatureMap FeatureMap => _maps.Measured;

    /// <summary>Rounds that wait for feedback.</summary>
    public int OpenRounds => _registry.Open;

    /// <summary>
    /// Whether a request is being answered, from its arrival until its round is open or it has failed: a press counts for nothing meanwhile.
    /// </summary>
    public bool IsWriting => _registry.IsWriting;

    /// <summary>Requests that run or wait.</summary>
    public int QueuedRequests => _queue.Inside;

    /// <summary>How long the request that runs has made no progress: no token, no step of the prompt. Zero where none runs.</summary>
    public TimeSpan TimeSinceProgress => _queue.TimeSinceProgress;

    /// <summary>Profiles in memory.</summary>
    public int OpenProfiles => _profiles.Open;

    /// <summary>Rounds that were answered so by somebody; repeats do not count.</summary>
    public long Answered(Preferred preferred) => _feedback.Answered(preferred);

    /// <summary>Comparisons recorded that clients submitted; repeats do not count.</summary>
    public long Submitted => _comparisons.Recorded;

    /// <summary>Measures a model's features, where that was not done yet: a loop on it then starts at once.</summary>
    /// <returns>The file that holds them.</returns>
    public static string Calibrate(LanguageModel model, string stateDirectory, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        _ = FeatureMaps.Load(model, stateDirectory, calibrating: null, cancellationToken);
        return CalibrationFile.PathOf(stateDirectory, FeatureMap.CalibrationKey(model));
    }

    /// <summary>How fast the model answers by what was measured last; null before the rehearsal, or where rounds may take any time.</summary>
    public DecodingPace? Pace => _pacing?.Pace;

    /// <summary>What a round on a short request samples now, where the request does not say.</summary>
    public RoundBudget Budget
    {
        get
        {
            // The context holds prompt and answer.
            int maxTokens = Math.Clamp(_options.Sampling.MaxTokens, 1, Math.Max(1, _model.ContextTokens - _shortPrompt));
            return _pacing?.Budget(_shortPrompt, null, _options.Sampling.Candidates, maxTokens, _model.ThinkingBudget)
                ?? new RoundBudget(_options.Sampling.Candidates, maxTokens, _model.ThinkingBudget);
        }
    }

    /// <summary>
    /// Lets the model say a word, unseen: ready means that it answers, not that its file was read. How fast it does decides how much it may say in
    /// time.
    /// </summary>
    /// <exception cref="InferenceException">It does not answer.</exception>
    public void WarmUp(CancellationToken cancellationToken = default)
    {
        List<ChatMessage> messages = [new("user", "How do I cook rice for two, and what goes with it?")];
        try
        {
            var word = new SamplingOptions
            {
                Candidates = 1,
                MaxTokens = 2,
                ThinkingBudget = 0,
            };
            _model.Sample(messages, [null], word, cancellationToken: cancellationToken);
        }
        catch (InferenceException e) when (e.Error == InferenceError.NotFinite)
        {
            // Another text was fine when the model was loaded: the weights of a word are damaged, and requests without it are served.
        }
        if (_options.TimeTarget is not { } target)
            return;
        _shortPrompt = _model.PromptTokens(messages);
        _pacing = new Pacing(_model.Measure(cancellationToken), target);
    }

    /// <summary>Serves a request: samples, chooses, and opens a round.</summary>
    /// <exception cref="RoundException">The request is wrong, or too many wait.</exception>
    /// <exception cref="InferenceException">The prompt is too long, or the engine failed.</exception>
    /// <exception cref="StateException">The profile's state cannot be read.</exception>
    public async Task<Round> OpenRoundAsync(RoundRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        _registry.Begin(request.Profile);
        try
        {
            // A state that cannot be read is told before the model works for seconds.
            _ = Comparisons(request.Profile);
            CandidateSet set = await SampleValidAsync(request, cancellationToken).ConfigureAwait(false);
            Choice choice = Choose(set);
            Guid id = ProfileName.NewRoundId(request.Profile);
            bool leaderFirst = request.Seed is { } seed ? (seed * 0x9E3779B9u >> 31) == 0 : Random.Shared.Next(2) == 0;
            var round = new Round(id, set, choice, leaderFirst, _clock, _options.Lifetime);
            _registry.Add(round);
            return round;
        }
        catch (Exception e)
        {
            _registry.Abandon(
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

    /// <summary>Samples candidate answers and computes their features.</summary>
    public Task<CandidateSet> SampleAsync(RoundRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        return SampleValidAsync(request, cancellationToken);
    }

    private async Task<CandidateSet> SampleValidAsync(RoundRequest request, CancellationToken cancellationToken)
    {
        // At temperature 0 the model has one answer, the same each time: nothing is chosen, and nothing asked.
        if (request.Temperature is >= 0 and < LeastTemperature)
            request = request with { Temperature = 0, Candidates = 1 };
        SamplingOptions sampling = _options.Sampling with
        {
            Candidates = request.Candidates ?? _options.Sampling.Candidates,
            MaxTokens = request.MaxTokens ?? _options.Sampling.MaxTokens,
            Temperature = request.Temperature ?? _options.Sampling.Temperature,
            Seed = request.Seed ?? (uint)Random.Shared.NextInt64(1L << 32),
        };
        try
        {
            sampling.Validate();
        }
        catch (ArgumentException e)
        {
            throw new RoundException(RoundError.BadRequest, e.Message);
        }
        if (sampling.Candidates > _model.MaxCandidates)
            throw new RoundException(
                RoundError.BadRequest,
                $"candidates must be 1 to {_model.MaxCandidates}, as the candidates setting says, not {sampling.Candidates}"
            );
        if (sampling.MaxTokens > _model.MaxAnswerTokens)
            throw new RoundException(
                RoundError.BadRequest,
                $"max_tokens must be 1 to {_model.MaxAnswerTokens}, as the max_tokens setting says, not {sampling.MaxTokens}"
            );
        return await _queue.RunAsync(token => Sample(request, sampling, token), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Says which candidate the profile's learned taste serves, and which to compare it with.</summary>
    public Choice Choose(CandidateSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        if (set.Candidates.Count == 1)
            return new Choice(0, null, 0);
        using ProfileCache.Lease lease = _profiles.Acquire(set.Request.Profile);
        Profile profile = lease.Profile;
        return profile.Read(model =>
        {
            Pair pair = ExplorationRule.Select(model, set.Features);
            AskMode mode = set.Request.Ask ?? _options.Ask;
            bool ask =
                mode == AskMode.Always || (mode == AskMode.WhenUseful && _question.IsUseful(model, set.Features, pair.Leader, profile.UnaskedInARow));
            if (mode != AskMode.Never)
                profile.UnaskedInARow = ask ? 0 : profile.UnaskedInARow + 1;
            return ask ? new Choice(pair.Leader, pair.Challenger, pair.Uncertainty) : new Choice(pair.Leader, null, 0);
        });
    }

    /// <summary>Comparisons that a profile has learned.</summary>
    public long Comparisons(string profile)
    {
        using ProfileCache.Lease lease = _profiles.Acquire(profile);
        return lease.Profile.Comparisons;
    }

    /// <summary>An open round.</summary>
    public Round? Find(Guid id) => _registry.Find(id);

    /// <summary>The open round of a profile; without a name, the newest of any profile that asks.</summary>
    public Round? Current(string? profile) => _registry.Current(profile);

    /// <summary>
    /// Takes a person's answer: makes it durable, learns it, and closes the round. The same answer given again, also after a restart, is confirmed
    /// and not
    /// learned twice.
    /// </summary>
    /// <exception cref="RoundException">Unknown, expired or superseded round, nothing asked, or another answer was given before.</exception>
    /// <exception cref="StateException">The comparison could not be made durable; the round stays open.</exception>
    /// <exception cref="ObjectDisposedException">The loop is closed; nothing was learned.</exception>
    public Task<FeedbackResult> GiveFeedbackAsync(Guid id, Preferred preferred, CancellationToken cancellationToken = default) =>
        _feedback.GiveAsync(id, preferred, cancellationToken);

    /// <summary>
    /// Learns a comparison whose two answers a client brings, as if they had been shown and the chosen one preferred; the same id again is confirmed.
    /// </summary>
    /// <exception cref="RoundException">The comparison is wrong, too many requests wait, or its profile has no room.</exception>
    /// <exception cref="InferenceException">Prompt and answer are longer than the context, or the engine failed.</exception>
    /// <exception cref="StateException">It could not be made durable.</exception>
    /// <exception cref="ObjectDisposedException">The loop is closed; nothing was learned.</exception>
    public Task<FeedbackResult> LearnAsync(ComparisonRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request = request.WithoutThoughts();
        request.Validate();
        return _comparisons.LearnAsync(request, cancellationToken);
    }

    /// <summary>z of a comparison that a client brings, without learning it.</summary>
    /// <exception cref="RoundException">The comparison is wrong, or too many requests wait.</exception>
    /// <exception cref="InferenceException">Prompt and answer are longer than the context, or the engine failed.</exception>
    public async Task<float[]> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request = request.WithoutThoughts();
        request.Validate();
        return (await _comparisons.CompareAsync(request, cancellationToken).ConfigureAwait(false)).Difference;
    }

    /// <summary>
    /// What is known of a comparison that a client brought, as long as the ring holds it: its number; where it is not known, what the profile has
    /// learned in all.
    /// </summary>
    public FeedbackResult FindComparison(Guid comparison, string profile) => _comparisons.Find(comparison, Valid(profile));

    /// <summary>What a profile knows of a data set: how often it learned it to its end, and how far a run came as the ring tells.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="digest">The data set.</param>
    /// <param name="run">Which run is looked for in the ring; null takes the one after those that came to the end.</param>
    /// <param name="lines">How many lines the data set has: so many are looked for; 0 looks for none.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    /// <exception cref="RoundException">The profile's name is none.</exception>
    /// <exception cref="StateException">The profile's state cannot be read.</exception>
    public LearnedFile FindFile(string profile, UInt128 digest, int? run = null, long lines = 0, CancellationToken cancellationToken = default)
    {
        using ProfileCache.Lease lease = _profiles.Acquire(Valid(profile));
        (int runs, Guid? state) = lease.Profile.FindFile(digest);
        var file = new LearnedFile(profile, digest, state, runs, lease.Profile.Comparisons, 0, 0);
        IReadOnlyDictionary<Guid, RecordedComparison> recorded = lease.Profile.Recorded();
        for (long line = recorded.Count > 0 ? lines : 0; line > 0; line--)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (
                recorded.TryGetValue(
                    ProfileName.ComparisonKey(profile, ComparisonId.Of(digest, profile, line, run ?? runs)),
                    out RecordedComparison found
                )
            )
                return file with { LastLine = line, LastComparison = found.Sequence };
        }
        return file;
    }

    /// <summary>Notes that a profile has learned a data set to its end so often; with 0 runs nothing but the state gets a name.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="digest">The data set.</param>
    /// <param name="runs">How often.</param>
    /// <param name="state">The state that learned it; null takes any.</param>
    /// <param name="atLeast">How many comparisons that state must hold.</param>
    /// <exception cref="RoundException">The profile's name is none, it has learned nothing, or its state is another one.</exception>
    /// <exception cref="StateException">It could not be made durable.</exception>
    public LearnedFile RecordFile(string profile, UInt128 digest, int runs, Guid? state = null, long atLeast = 0)
    {
        using (ProfileCache.Lease lease = _profiles.Acquire(Valid(profile)))
        {
            if (!lease.Profile.RecordFile(digest, runs, state, atLeast))
                throw new RoundException(RoundError.NothingLearned, $"Profile {profile} has learned nothing: there is no state to note a file in.");
        }
        return FindFile(profile, digest);
    }

    /// <summary>
    /// Takes a press of a hardware button, and tells what came of it. It is for the newest asked round of any profile: the one that is shown. It
    /// counts only where
    /// that round was shown before the finger came, and no other is being written.
    /// </summary>
    /// <param name="preferred">What the button says.</param>
    /// <param name="began">When the finger came: a timestamp of the loop's clock.</param>
    /// <exception cref="StateException">The comparison could not be made durable; the round stays open.</exception>
    public async Task<PressOutcome> PressAsync(Preferred preferred, long began)
    {
        (Round? round, PressOutcome? refusal) = _registry.ForPress(began);
        PressOutcome outcome = refusal ?? PressOutcome.Refused;
        try
        {
            if (round is not null && refusal is null)
            {
                await GiveFeedbackAsync(round.Id, preferred).ConfigureAwait(false);
                outcome = PressOutcome.Counted;
            }
        }
        catch (RoundException)
        {
            // It was answered from elsewhere, or its time was over, between the look and the answer.
        }
        finally
        {
            Events.Publish(new RoundEvent.Pressed([preferred], outcome, round?.Id));
        }
        return outcome;
    }

    /// <summary>
    /// Ends what is being generated, and closes all profiles after the feedback that is being learned. What was acknowledged is on the disk already.
    /// </summary>
    public void Dispose()
    {
        _queue.Dispose();
        // The semaphore itself is not disposed: whoever waits for it must get its turn, to be told that it is too late.
        _turn.Wait();
        _model.Progressed -= _queue.Progressed;
        _model.IsForgotten = null;
        _registry.Dispose();
        _profiles.Dispose();
        _turn.Release();
    }

    private static string Valid(string profile)
    {
        RoundRequest.RequireName(profile);
        return profile;
    }

    private CandidateSet Sample(RoundRequest request, SamplingOptions sampling, CancellationToken cancellationToken)
    {
        int promptTokens = 0;
        if (_pacing is { } pacing)
        {
            promptTokens = _model.PromptTokens(request.Messages, sampling.Temperature == 0 ? null : request.Profile);
            RoundBudget budget = pacing.Budget(promptTokens, request.Candidates, sampling.Candidates, sampling.MaxTokens, _model.ThinkingBudget);
            // The pace differs from round to round; the likeliest answer does not, nor where it ends.
            if (sampling.Temperature > 0)
                sampling = sampling with
                {
                    Candidates = budget.Candidates,
                    MaxTokens = request.MaxTokens ?? budget.MaxTokens,
                    ThinkingBudget = ThinkingBudget(budget),
                };
        }
        FeatureMap map;
        string?[] hints;
        using (ProfileCache.Lease lease = _profiles.Acquire(request.Profile))
        {
            map = lease.Profile.Map;
            hints = lease.Profile.Read(model => _hints.Assign(model, sampling.Candidates, sampling.Seed));
        }
        var progress = new ProgressPublisher(Events, request.Profile);
        // Reading the prompt takes a while too.
        progress.Report(new SamplingProgress(0, 0, sampling.Candidates));
        long start = _clock.GetTimestamp();
        IReadOnlyList<Candidate> candidates = _model.Sample(request.Messages, hints, sampling, progress, request.Profile, cancellationToken);
        _pacing?.Took(_clock.GetElapsedTime(start), promptTokens, candidates);
        if (candidates.All(c => c.Text.Length == 0))
            throw new RoundException(RoundError.NoAnswer, NoAnswer(candidates));
        CandidateSet set = WithFeatures(request, map, candidates);
        _hints.Remember([.. set.Candidates.Select(c => c.Hint)], set.Features);
        return set;
    }

    /// <summary>
    /// What the time leaves for thoughts; where the model's template promises none, those that come all the same have their own limit.
    /// </summary>
    private int ThinkingBudget(RoundBudget budget) => _model.ThinkingBudget > 0 ? budget.Thoughts : _options.Sampling.ThinkingBudget;

    private static string NoAnswer(IReadOnlyList<Candidate> candidates) =>
        candidates.Max(c => c.Thoughts) is > 0 and var thoughts
            ? $"The model thought for {thoughts} tokens and wrote no answer: raise max_tokens or context, or try again."
            : "The model wrote no answer to this: say it in other words, or try again.";

    private static CandidateSet WithFeatures(RoundRequest request, FeatureMap map, IReadOnlyList<Candidate> candidates)
    {
        float[] features = new float[candidates.Count * map.Dimension];
        List<Candidate> usable = [];
        InferenceException? refusal = null;
        foreach (Candidate candidate in candidates)
        {
            try
            {
                map.Map(candidate.Hidden, request.LastUserTurn, candidate.Text, features.AsSpan(usable.Count * map.Dimension, map.Dimension));
                usable.Add(candidate);
            }
            catch (InferenceException e)
            {
                // Others may be all right.
                refusal = e;
            }
        }
        return usable.Count > 0 ? new CandidateSet(request, usable, map, features[..(usable.Count * map.Dimension)]) : throw refusal!;
    }

    /// <summary>Publishes progress from the thread that generates, in order.</summary>
    private sealed class ProgressPublisher(EventHub events, string profile) : IProgress<SamplingProgress>
    {
        public void Report(SamplingProgress value)
        {
            if (events.Followers > 0)
                events.Publish(new RoundEvent.Generating(profile, value));
        }
    }
}
