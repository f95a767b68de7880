using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Hosting.Systemd;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Engine;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Inference;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>
/// Loads the model while the socket is already open, tells systemd when the model is ready, and holds the loop that serves requests.
/// </summary>
internal sealed class ModelHost(
    DaemonOptions options,
    string state,
    string socket,
    EventHub events,
    IHostApplicationLifetime lifetime,
    TimeProvider clock,
    ILogger logger
) : BackgroundService
{
    private static readonly ServiceState Alive = new("WATCHDOG=1");
    private readonly TaskCompletionSource<PreferenceLoop> _loop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SystemdNotifier _systemd = new();
    private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private EngineBody? _engine;
    private ModelSource? _source;
    private LanguageModel? _model;
    private Exception? _failure;
    private int _inLine;

    /// <summary>The model; null while it loads.</summary>
    internal LanguageModel? Model => _loop.Task.IsCompletedSuccessfully ? _model : null;

    /// <summary>The build that decodes on the CPU, with its measured speeds; null while the model loads.</summary>
    internal EngineBody? Engine => _loop.Task.IsCompletedSuccessfully ? _engine : null;

    /// <summary>How many seconds a round may take; 0 for no limit.</summary>
    internal int TimeTarget => options.TimeTarget;

    /// <summary>The loop; null while the model loads.</summary>
    internal PreferenceLoop? Loop => _loop.Task.IsCompletedSuccessfully ? _loop.Task.Result : null;

    /// <summary>Waits until the model is loaded, but no longer than the setting load_wait allows, and returns the loop.</summary>
    /// <exception cref="TimeoutException">The model does not load within that time.</exception>
    /// <exception cref="OperationCanceledException">The client leaves, the daemon stops, or the model cannot be loaded.</exception>
    internal async Task<PreferenceLoop> WaitAsync(CancellationToken cancellationToken)
    {
        if (_loop.Task.IsCompleted)
            return await _loop.Task.ConfigureAwait(false);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        return await _loop.Task.WaitAsync(TimeSpan.FromSeconds(options.LoadWait), clock, either.Token).ConfigureAwait(false);
    }

    /// <summary>Waits until the model is loaded, however long that takes, and returns the loop.</summary>
    /// <exception cref="OperationCanceledException">The daemon stops, or the model cannot be loaded.</exception>
    internal Task<PreferenceLoop> LoadedAsync(CancellationToken cancellationToken) => _loop.Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Waits for the loop on behalf of a request that needs the model. While the model loads, only as many requests may wait as the queue takes, so
    /// that each of them is served afterwards.
    /// </summary>
    /// <exception cref="RoundException">Too many requests are waiting already.</exception>
    internal async Task<PreferenceLoop> WaitInLineAsync(CancellationToken cancellationToken)
    {
        if (Loop is { } loaded)
            return loaded;
        try
        {
            if (Interlocked.Increment(ref _inLine) > options.Queue + 1)
                throw new RoundException(
                    RoundError.Busy,
                    $"The model is loading and {Plural.Of(options.Queue + 1, "request")} wait for it already: try again in a few seconds."
                );
            return await WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _inLine);
        }
    }

    /// <summary>Throws the exception that kept the model from loading or ended its use, if there was one.</summary>
    internal void ThrowIfFailed()
    {
        if (_failure is not null)
            ExceptionDispatchInfo.Throw(_failure);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A model that cannot be loaded stops the host, and only a started host can be stopped.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration starting = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken).ConfigureAwait(false);
        using CancellationTokenRegistration stopping = lifetime.ApplicationStopping.Register(() => Notify(ServiceState.Stopping));
        try
        {
            long start = Stopwatch.GetTimestamp();
            PreferenceLoop loop = await Task.Run(() => LoadAsync(stoppingToken), stoppingToken).ConfigureAwait(false);
            logger.Ready(
                _model!.Name,
                loop.FeatureMap.Dimension,
                Plural.Of(_model.Threads, "thread"),
                (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds
            );
            _loop.SetResult(loop);
            Notify(ServiceState.Ready);
            // If the model file changes, its answers no longer fit the stored states. The daemon ends, and the next start reads the file anew.
            await (await Task.WhenAny(FeedWatchdogAsync(loop, stoppingToken), _changed.Task).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _failure = e;
            _loop.TrySetCanceled(CancellationToken.None);
            lifetime.StopApplication();
        }
    }

    public override void Dispose()
    {
        Loop?.Dispose();
        _model?.Dispose();
        _source?.Dispose();
        base.Dispose();
    }

    /// <summary>
    /// Notifies systemd's watchdog twice per interval while the model makes progress or has nothing to do. Runs until the daemon stops.
    /// </summary>
    private async Task FeedWatchdogAsync(PreferenceLoop loop, CancellationToken stoppingToken)
    {
        bool watched =
            long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), CultureInfo.InvariantCulture, out long microseconds)
            && microseconds > 1;
        if (!watched)
            await Task.Delay(Timeout.InfiniteTimeSpan, stoppingToken).ConfigureAwait(false);
        // The timer needs at least one millisecond and at most 49 days.
        TimeSpan limit = TimeSpan.FromMilliseconds(Math.Clamp(microseconds / 1000, 2, (long)TimeSpan.FromDays(1).TotalMilliseconds));
        using var timer = new PeriodicTimer(limit / 2, clock);
        do
        {
            TimeSpan still = loop.Status.TimeSinceProgress;
            if (still < limit)
                Notify(Alive);
            else
                logger.NoProgress((long)still.TotalSeconds);
        } while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }

    private void Notify(ServiceState state)
    {
        try
        {
            _systemd.Notify(state);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            logger.NotNotified(e.Message);
        }
    }

    private async Task<PreferenceLoop> LoadAsync(CancellationToken stoppingToken)
    {
        // Keep the source open: if a GPU fails, the model is loaded from it again.
        _source = ModelSource.Open(options.Model);
        // A boot empties the socket's folder, and with it removes this marker.
        string marker = Path.Combine(Path.GetDirectoryName(socket)!, "gpu-computes");
        // Choose before the model is loaded here, because the measuring processes need its memory.
        EngineChoice? choice = await ChooseEngineAsync(_source.Path, stoppingToken).ConfigureAwait(false);
        LanguageModelOptions wanted = options.ForModel(_source.Path) with { GpuMarker = marker };
        _model = LanguageModel.Load(EngineSetup.Apply(choice, wanted), stoppingToken);
        logger.Device(_model.Device.Name, _model.Device.Layers is { } layers ? $", {layers} layers" : "", _model.Device.Why);
        if (_model.TemplateNote is { } note)
            logger.TemplateAssumed(note);
        _model.FileChanged += e => _changed.TrySetException(e);
        PreferenceLoop loop = await PreferenceLoop
            .OpenAsync(_model, state, options.ForRounds(), clock, events, Report, () => logger.Calibrating(_model.Name), stoppingToken)
            .ConfigureAwait(false);
        // Free the memory that reading the file and calibrating used, because it is not needed again.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return loop;
    }

    private async Task<EngineChoice?> ChooseEngineAsync(string path, CancellationToken stoppingToken)
    {
        var machine = new EngineSetup(options, path, state);
        EngineChoice? kept = machine.Kept(),
            choice = kept ?? await machine.TryAsync(logger.BuildNotTaken, stoppingToken).ConfigureAwait(false);
        _engine = EngineBody.Of(choice, machine.Version, machine.UsualBuild);
        if (choice is null)
            return null;
        logger.EngineChosen(_engine.DescribeChoice(), kept is null ? "measured now" : "measured at the first start");
        try
        {
            if (kept is null)
                machine.Keep(choice);
        }
        catch (StateException e)
        {
            logger.EngineNotKept(e.Message);
        }
        return choice;
    }

    private void Report(string profile, RecoveryReport recovery)
    {
        foreach (string problem in recovery.Problems)
            logger.ProfileRecovered(profile, problem);
        if (recovery.MovedAsideTo is { } kept)
            logger.ProfileMovedAside(profile, kept);
        if (recovery.Outcome != RecoveryOutcome.Removed)
            logger.ProfileOpened(profile, Plural.Of(recovery.Sequence, "comparison"));
    }
}
