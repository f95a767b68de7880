using System.Threading.Channels;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Sampling;
using OnlineRlhf.Rounds.Conversations;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;
using OnlineRlhf.Rounds.Pipeline;
using OnlineRlhf.Rounds.Profiles;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Rounds;

/// <summary>
/// The loop from a request to a better answer: it samples candidates, chooses a pair, takes the preference, makes it durable, and learns it. No other
/// class combines these steps. Safe for concurrent use; one request is generated at a time.
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
        _registry = new RoundRegistry(clock, events, options.Conversations);
        _profiles = new ProfileCache(folder, maps, options.HyperParameters, options.ProfilesInMemory);
        var hints = new HintSelector(model.Hints, maps.Measured.Dimension);
        var forecast = new AnswerForecast(model.Hints);
        var planner = new RoundPlanner(model, options, warmUp, hints, forecast, events);
        _pipeline = new RoundPipeline(model, options, planner, hints, forecast, _queue, _profiles, _registry, events, clock);
        _feedback = new FeedbackHandler(_registry, _profiles, _turn, events, options.ProfilesStored);
        _comparisons = new ComparisonHandler(model, _queue, _profiles, _turn, events, options.ProfilesStored);
        Files = new LearnedFileHandler(_profiles);
        var talk = new TalkLearner(_profiles, _turn, events, options.ProfilesStored, clock);
        Conversations = new ConversationHandler(_pipeline, _registry, talk, options.LearnFromConversations, model.Hints.Count > 0, clock);
        Status = new LoopStatus(planner, _registry, _queue, _profiles, _feedback, _comparisons, talk);
    }

    /// <summary>
    /// Opens a loop on a model. A model that is new to this state folder is measured first, which takes from seconds to minutes. Then the model
    /// writes a word that nobody sees, which shows that it answers. The caller still owns the model, and disposes it.
    /// </summary>
    /// <param name="model">The language model.</param>
    /// <param name="stateDirectory">The folder for the profiles and the calibration of the feature map.</param>
    /// <param name="options">How rounds are made.</param>
    /// <param name="clock">The clock that the whole loop uses.</param>
    /// <param name="events">Receives events as they happen; null if nobody follows.</param>
    /// <param name="opened">
    /// Called for each profile that is opened from the disk, with how it was opened, and for each one whose files were removed while it was open. An
    /// operator wants to know both.
    /// </param>
    /// <param name="calibrating">Called before a model is measured.</param>
    /// <param name="cancellationToken">Cancels the measurement.</param>
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
                var warmUp = WarmUp.Run(model, options, cancellationToken);
                var folder = new ProfileFolder(stateDirectory, model.Fingerprint, opened);
                return new PreferenceLoop(model, maps, warmUp, folder, options, clock, events ?? new EventHub());
            },
            cancellationToken
        );
    }

    /// <summary>Measures a model's features if that was not done yet. Afterwards a loop on this model opens faster.</summary>
    /// <returns>The path of the file that holds the measured scales.</returns>
    public static string Calibrate(LanguageModel model, string stateDirectory, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        _ = FeatureMaps.Load(model, stateDirectory, calibrating: null, cancellationToken);
        return CalibrationFile.PathOf(stateDirectory, FeatureMap.CalibrationKey(model));
    }

    /// <summary>The feature map of new profiles. A stored profile keeps the scales that it was created with.</summary>
    public FeatureMap FeatureMap => _maps.Measured;

    /// <summary>What the loop does now, and what it has counted.</summary>
    public LoopStatus Status { get; }

    /// <summary>Answers chat programs, and learns from what their users keep.</summary>
    public ConversationHandler Conversations { get; }

    /// <summary>Which data sets the profiles have learned.</summary>
    public LearnedFileHandler Files { get; }

    /// <summary>Serves a request: samples candidates, chooses a pair, and opens a round.</summary>
    /// <exception cref="RoundException">The request is wrong, or too many requests wait.</exception>
    /// <exception cref="InferenceException">The prompt is too long, or the engine failed.</exception>
    /// <exception cref="StateException">The profile's state cannot be read.</exception>
    public Task<Round> OpenRoundAsync(RoundRequest request, CancellationToken cancellationToken = default) =>
        OpenRoundAsync(request, null, cancellationToken);

    /// <summary>The same, and tells what is certain of the answers while the model writes them.</summary>
    /// <param name="request">The request.</param>
    /// <param name="written">Receives it, and is completed when the round is open or has failed; null for nobody.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public Task<Round> OpenRoundAsync(
        RoundRequest request,
        ChannelWriter<RoundEvent.Writing>? written,
        CancellationToken cancellationToken = default
    ) => OpenRoundAsync(request, written, null, cancellationToken);

    /// <summary>The same, and tells how far the model is.</summary>
    /// <param name="request">The request.</param>
    /// <param name="written">Receives what is certain, and is completed when the round is open or has failed; null for nobody.</param>
    /// <param name="progress">Receives the counts after every step, on the thread that generates; null for nobody.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    public Task<Round> OpenRoundAsync(
        RoundRequest request,
        ChannelWriter<RoundEvent.Writing>? written,
        IProgress<SamplingProgress>? progress,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        return _pipeline.OpenAsync(request, written, progress, cancellationToken);
    }

    /// <summary>Samples candidate answers and computes their features.</summary>
    /// <exception cref="RoundException">The request is wrong, or too many requests wait.</exception>
    public Task<CandidateSet> SampleAsync(RoundRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Validate();
        return _pipeline.SampleAsync(request, cancellationToken);
    }

    /// <summary>Chooses which candidate to serve by the profile's learned taste, and which one to compare it with.</summary>
    public Choice Choose(CandidateSet set)
    {
        ArgumentNullException.ThrowIfNull(set);
        return _pipeline.Choose(set);
    }

    /// <summary>How many comparisons of a profile are recorded.</summary>
    public long CountComparisons(string profile)
    {
        using ProfileCache.Lease lease = _profiles.Acquire(profile);
        return lease.Profile.CountComparisons();
    }

    /// <summary>Finds an open round.</summary>
    public Round? Find(Guid id) => _registry.Find(id);

    /// <summary>Whether a round may be one of this profile: its id begins with a hash of the profile's name, of four bytes.</summary>
    public static bool MayBelongTo(Guid round, string profile) => ProfileName.MayBelongTo(round, profile);

    /// <summary>Finds the open round of a profile; without a name, the newest round of any profile that asks.</summary>
    public Round? Current(string? profile) => _registry.Current(profile);

    /// <summary>
    /// Takes a person's answer, makes it durable, and closes the round. The reward model learns it before the next choice. The same answer sent again
    /// is confirmed and does not count twice, even after a restart.
    /// </summary>
    /// <exception cref="RoundException">The round is unknown, expired or superseded, it asked nothing, or it got another answer before.</exception>
    /// <exception cref="StateException">The comparison could not be made durable. The round stays open.</exception>
    /// <exception cref="ObjectDisposedException">The loop is closed. Nothing was recorded.</exception>
    public Task<FeedbackResult> GiveFeedbackAsync(Guid id, Preferred preferred, CancellationToken cancellationToken = default) =>
        _feedback.GiveAsync(id, preferred, cancellationToken);

    /// <summary>
    /// Takes a press of a hardware button, and returns its outcome. A press answers the newest round of any profile that asks, which is the one on
    /// display. It counts only if that round was shown before the press began, and no other round is being written.
    /// </summary>
    /// <param name="preferred">The answer that the button stands for.</param>
    /// <param name="began">When the press began: a timestamp of the loop's clock.</param>
    /// <param name="profile">The only profile whose round it may answer; null for any.</param>
    /// <exception cref="StateException">The comparison could not be made durable. The round stays open.</exception>
    public Task<Press> PressAsync(Preferred preferred, long began, string? profile = null) => _feedback.PressAsync(preferred, began, profile);

    /// <summary>
    /// Records a comparison whose two answers a client brings, as if they had been shown and the chosen one preferred. A repeat of the same id
    /// is confirmed.
    /// </summary>
    /// <exception cref="RoundException">The comparison is wrong, too many requests wait, or its profile has no room.</exception>
    /// <exception cref="InferenceException">The prompt and an answer are longer than the context, or the engine failed.</exception>
    /// <exception cref="StateException">The comparison could not be made durable.</exception>
    /// <exception cref="ObjectDisposedException">The loop is closed. Nothing was recorded.</exception>
    public Task<FeedbackResult> SubmitAsync(ComparisonRequest request, CancellationToken cancellationToken = default) =>
        _comparisons.SubmitAsync(Checked(request), cancellationToken);

    /// <summary>Computes z of a comparison that a client brings, without learning it.</summary>
    /// <exception cref="RoundException">The comparison is wrong, or too many requests wait.</exception>
    /// <exception cref="InferenceException">The prompt and an answer are longer than the context, or the engine failed.</exception>
    public async Task<float[]> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken = default) =>
        (await _comparisons.CompareAsync(Checked(request), cancellationToken).ConfigureAwait(false)).Difference;

    /// <summary>
    /// Finds the number of a comparison that a client submitted, if the ring still holds it. Otherwise says how many comparisons of the profile
    /// are recorded.
    /// </summary>
    public FeedbackResult FindComparison(Guid comparison, string profile)
    {
        RoundRequest.RequireName(profile);
        return _comparisons.Find(comparison, profile);
    }

    /// <summary>
    /// Cancels what is being generated, waits for feedback that is being recorded, and closes all profiles. Acknowledged comparisons are on the
    /// disk already.
    /// </summary>
    public void Dispose()
    {
        _queue.Dispose();
        // Do not dispose the semaphore: callers that wait for it must get their turn, and then an ObjectDisposedException.
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
