using System.Diagnostics;
using Microsoft.Extensions.Hosting.Systemd;
using OnlineRlhf.Daemon.Configuration;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Inference;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Rounds;
using OnlineRlhf.Storage;

namespace OnlineRlhf.Daemon.Hosting;

/// <summary>Loads the model behind the open socket, says when it answers, and holds the loop that serves the requests.</summary>
internal sealed class ModelHost(DaemonOptions options, string state, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<ModelHost> logger) : BackgroundService
{
    private readonly TaskCompletionSource<PreferenceLoop> _loop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SystemdNotifier _systemd = new();
    private LanguageModel? _model;

    /// <summary>The code the process ends with.</summary>
    internal int ExitCode { get; private set; } = Daemon.ExitCode.Success;

    /// <summary>The model; null while it loads.</summary>
    internal LanguageModel? Model => _loop.Task.IsCompletedSuccessfully ? _model : null;

    /// <summary>The loop; null while the model loads.</summary>
    internal PreferenceLoop? Loop => _loop.Task.IsCompletedSuccessfully ? _loop.Task.Result : null;

    /// <summary>The loop, as soon as the model is loaded.</summary>
    /// <exception cref="TimeoutException">It takes longer than a request is made to wait.</exception>
    internal Task<PreferenceLoop> WaitAsync(CancellationToken cancellationToken) =>
        _loop.Task.IsCompleted ? _loop.Task : _loop.Task.WaitAsync(TimeSpan.FromSeconds(options.LoadWait), clock, cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            long start = Stopwatch.GetTimestamp();
            PreferenceLoop loop = await Task.Run(Load, stoppingToken).ConfigureAwait(false);
            logger.Ready(_model!.Name, loop.FeatureMap.Dimension, _model.Threads, (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            _loop.SetResult(loop);
            _systemd.Notify(ServiceState.Ready);
        }
        catch (Exception e) when (e is ModelFileException or InferenceException or StateException or IOException or UnauthorizedAccessException)
        {
            logger.CannotStart(e.Message);
            ExitCode = e is StateException or IOException ? Daemon.ExitCode.Failure : Daemon.ExitCode.Configuration;
            _loop.TrySetException(new InvalidOperationException("The daemon is stopping: the model could not be loaded."));
            _ = _loop.Task.Exception;
            lifetime.StopApplication();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        _systemd.Notify(ServiceState.Stopping);
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
    }

    public override void Dispose()
    {
        Loop?.Dispose();
        _model?.Dispose();
        base.Dispose();
    }

    private PreferenceLoop Load()
    {
        using DemoModel? embedded = options.Model is null ? DemoModel.Open() : null;
        _model = LanguageModel.Load(options.ForModel(options.Model ?? embedded!.Path));
        var loop = new PreferenceLoop(_model, state, options.ForRounds(), clock, Report);
        loop.Rehearse();
        return loop;
    }

    private void Report(string profile, RecoveryReport recovery)
    {
        foreach (string problem in recovery.Problems)
            logger.ProfileRecovered(profile, problem);
        logger.ProfileOpened(profile, recovery.Sequence);
    }
}
