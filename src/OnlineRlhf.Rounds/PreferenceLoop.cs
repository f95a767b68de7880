using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Rounds.Profiles;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds;

/// <summary>
/// The loop from a request to a better answer: sample candidates, choose a pair, take the preference, make it durable, learn it.
/// The only place where these are put together. Safe for concurrent use; one request is generated at a time.
/// </summary>
public sealed class PreferenceLoop : IDisposable
{
    private readonly LanguageModel _model;
    private readonly FeatureMaps _maps;
    private readonly ProfileCache _profiles;
    private readonly RoundRegistry _registry;
    private readonly GenerationQueue _queue;
    private readonly RoundPipeline _pipeline;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly FeedbackHandler _feedback;
    private readonly ComparisonHandler _comparisons;

    private PreferenceLoop(
        LanguageModel model,
        FeatureMaps maps,
        WarmUp warmUp,
        ProfileFolder folder,
        RoundOptions options,
        TimeProvider clock,
        EventHub events
    )
    {
        _model = model;
        _maps = maps;
        _queue = new GenerationQueue(options.QueueLength, clock);
        model.Progressed += _queue.Progressed;
        model.IsForgotten = folder.TakeForgotten;
        _registry = new RoundRegistry(clock, events);
        _profiles = new ProfileCache(folder, maps, options.HyperParameters, options.ProfilesInMemory);
        _pipeline = new RoundPipeline(model, options, maps.Measured.Dimension, warmUp, _queue, _profiles, _registry, events, clock);
        _feedback = new FeedbackHandler(_registry, _profiles, _turn, events, options.ProfilesStored);
        _comparisons = new ComparisonHandler(model, _queue, _profiles, _turn, events, options.ProfilesStored);
        Files = new LearnedFileHandler(_profiles);
        Status = new LoopStatus(_pipeline, _registry, _queue, _profiles, _feedback, _comparisons);
    }

    /// <summary>
    /// Opens a loop on a model, which stays the caller's. Measures a model that was never seen before, which takes from seconds to minutes, and lets it
    /// say a word, unseen.
    /// </summary>
    /// <param name="model">The language model.</param>
    /// <param name="stateDirectory">Where profiles live, and the calibration of the feature map.</param>
    /// <param name="options">How rounds are made.</param>
    /// <param name="clock">Every clock of the loop.</param>
    /// <param name="events">Told what happens, as it happens; null tells nobody.</param>
    /// <param name="opened">
    /// Told of each profile that was opened from the disk and how, and of one whose files were removed while it was open: an operator wants to know.
    /// </param>
    /// <param name="calibrating">Told before a model is measured.</param>
    /// <param name="cancellationToken">Ends the measurement.</param>
    /// <exception cref="InferenceException">The model does not answer.</exception>
    /// <exception cref="StateException">The calibration cannot be read or written.</exception>
    public static Task<PreferenceLoop> OpenAsync(
        LanguageModel model,
        string stateDirectory,
        RoundOptions options,
        TimeProvider clock,
        EventHub? events = null,
        Action<string, RecoveryReport>? opened = null,
        Action? calibrating = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(clock);
        return Task.Run(
            () =>
            {
                var maps = FeatureMaps.Load(model, stateDirectory, calibrating, cancellationToken);
                var warmUp = WarmUp.Run(model, options.TimeTarget, cancellationToken);
                var folder = new ProfileFolder(stateDirectory, model.Fingerprint, opened);
                return new PreferenceLoop(model, maps, warmUp, folder, options, clock, events ?? new EventHub());
            },
            cancellationToken
        );
    }

    /// <summary>Measures a model's features, where that was not done yet: a loop on it then opens at once.</summary>
    /// <returns>The file that holds them.</returns>
    public static string Calibrate(LanguageModel model, string stateDirectory, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        _ = FeatureMaps.Load(model, stateDirectory, calibrating: null, cancellationToken);
        return CalibrationFile.PathOf(stateDirectory, FeatureMap.CalibrationKey(model));
    }

    /// <summary>The map from answers to features of a new profile; a stored one has the scales that it was founded with.</summary>
    public FeatureMap FeatureMap => _maps.Measured;

    /// <summary>What the loop does right now, and what it has counted.</summary>
    public LoopStatus Status { get; }

    /// <summary>Which data sets profiles have learned.</summary>
    public LearnedFileHandler Files { get; }

    /// <summary>Serves a request: samples, chooses, and opens a round.</summary>
    /// <exception cref="RoundException">The request is wrong, or too many wait.</exception>
    /// <exception cref="InferenceException">The prompt is too long, or the engine failed.</exception>
    /// <exception cref="StateException">The profile's state cannot be read.</exception>
    public Task<Round> OpenRoundAsync(RoundRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        return _pipeline.OpenAsync(request, cancellationToken);
    }

    /// <summary>Samples candidate answers and computes their features.</summary>
    /// <exception cref="RoundException">The request is wrong, or too many wait.</exception>
    public Task<CandidateSet> SampleAsync(RoundRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        return _pipeline.SampleAsync(request, cancellationToken);
    }

    /// <summary>Says which candidate the profile's learned taste serves, and which to compare it with.</summary>
    public Choice Choose(CandidateSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return _pipeline.Choose(set);
    }

    /// <summary>How many comparisons of a profile are recorded.</summary>
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
    /// Takes a person's answer: makes it durable, and closes the round. It is learned before the next choice. The same answer given again, also after
    /// a restart, is confirmed and does not count twice.
    /// </summary>
    /// <exception cref="RoundException">Unknown, expired or superseded round, nothing asked, or another answer was given before.</exception>
    /// <exception cref="StateException">The comparison could not be made durable; the round stays open.</exception>
    /// <exception cref="ObjectDisposedException">The loop is closed; nothing was recorded.</exception>
    public Task<FeedbackResult> GiveFeedbackAsync(Guid id, Preferred preferred, CancellationToken cancellationToken = default) =>
        _feedback.GiveAsync(id, preferred, cancellationToken);

    /// <summary>
    /// Takes a press of a hardware button, and tells what came of it. It is for the newest asked round of any profile: the one that is shown. It
    /// counts only where that round was shown before the finger came, and no other is being written.
    /// </summary>
    /// <param name="preferred">What the button says.</param>
    /// <param name="began">When the finger came: a timestamp of the loop's clock.</param>
    /// <exception cref="StateException">The comparison could not be made durable; the round stays open.</exception>
    public Task<PressOutcome> PressAsync(Preferred preferred, long began) => _feedback.PressAsync(preferred, began);

    /// <summary>
    /// Records a comparison whose two answers a client brings, as if they had been shown and the chosen one preferred; the same id again is confirmed.
    /// </summary>
    /// <exception cref="RoundException">The comparison is wrong, too many requests wait, or its profile has no room.</exception>
    /// <exception cref="InferenceException">Prompt and answer are longer than the context, or the engine failed.</exception>
    /// <exception cref="StateException">It could not be made durable.</exception>
    /// <exception cref="ObjectDisposedException">The loop is closed; nothing was recorded.</exception>
    public Task<FeedbackResult> LearnAsync(ComparisonRequest request, CancellationToken cancellationToken = default) =>
        _comparisons.LearnAsync(Checked(request), cancellationToken);

    /// <summary>z of a comparison that a client brings, without learning it.</summary>
    /// <exception cref="RoundException">The comparison is wrong, or too many requests wait.</exception>
    /// <exception cref="InferenceException">Prompt and answer are longer than the context, or the engine failed.</exception>
    public async Task<float[]> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken = default) =>
        (await _comparisons.CompareAsync(Checked(request), cancellationToken).ConfigureAwait(false)).Difference;

    /// <summary>
    /// What is known of a comparison that a client brought, as long as the ring holds it: its number; where it is not known, how many comparisons of
    /// the profile are recorded.
    /// </summary>
    public FeedbackResult FindComparison(Guid comparison, string profile)
    {
        RoundRequest.RequireName(profile);
        return _comparisons.Find(comparison, profile);
    }

    /// <summary>
    /// Ends what is being generated, and closes all profiles after the feedback that is being recorded. What was acknowledged is on the disk already.
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

    private static ComparisonRequest Checked(ComparisonRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        request = request.WithoutThoughts();
        request.Validate();
        return request;
    }
}
