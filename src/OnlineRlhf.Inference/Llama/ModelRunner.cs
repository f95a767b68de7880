using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Gguf;

namespace OnlineRlhf.Inference.Llama;

/// <summary>
/// Runs work on a model, one piece at a time, on the device that holds the model. If a GPU fails, the model moves to the CPU and the work starts
/// again there.
/// </summary>
internal sealed class ModelRunner : IDisposable
{
    private static readonly TimeSpan LoadingSign = TimeSpan.FromSeconds(10);
    private readonly Lock _gate = new();
    private readonly LanguageModelOptions _options;
    private readonly GgufFile _file;
    private readonly GpuMarker _marker;
    private readonly bool _collectHidden;
    private DecodingPace? _pace;
    private bool _disposed;

    /// <summary>Loads the model on the fastest device that the options allow.</summary>
    /// <param name="options">Which model to load, and on which devices.</param>
    /// <param name="file">The model's file. If it changes, all work fails.</param>
    /// <param name="natives">The libraries of llama.cpp.</param>
    /// <param name="collectHidden">Whether to collect hidden states.</param>
    /// <param name="progressed">Called after every decode, and from time to time while the model is loaded again.</param>
    /// <param name="cancellationToken">Cancels the loading.</param>
    /// <exception cref="InferenceException">llama.cpp refuses the model, or the model's output is not finite.</exception>
    internal ModelRunner(
        LanguageModelOptions options,
        GgufFile file,
        LlamaNatives natives,
        bool collectHidden,
        Action progressed,
        CancellationToken cancellationToken
    )
    {
        _options = options;
        _file = file;
        _marker = new GpuMarker(options.GpuMarker);
        _collectHidden = collectHidden;
        Progressed = progressed;
        try
        {
            (Loaded, Device, _pace) = new DeviceSelection(options, natives, _marker, Open).Choose(cancellationToken);
        }
        catch (InferenceException e) when (e.Error == InferenceError.NotFinite)
        {
            throw new InferenceException(
                InferenceError.NotFinite,
                $"{options.ModelPath} computes what is not a number: it is damaged. Download it again, or use another one.",
                e
            );
        }
    }

    /// <summary>The model as it is loaded now. The properties that describe an earlier one stay valid.</summary>
    internal LoadedModel Loaded { get; private set; }

    /// <summary>Which device runs the model, and why.</summary>
    internal DeviceReport Device { get; set; }

    /// <summary>Called when work fails because the model's file was changed. From then on all work fails.</summary>
    internal Action<InferenceException>? FileChanged { get; set; }

    private Action Progressed { get; }

    /// <summary>Runs work that decodes. If the model could not be loaded on the CPU after a GPU failed, each call tries again.</summary>
    internal T Run<T>(Func<LoadedModel, T> work) => Read(model => Device.IsCpu ? Unchanged(model, work) : RunOnGpu(work));

    /// <summary>Runs work that decodes nothing, so that it need not mark the GPU as computing.</summary>
    internal T RunWithoutDecoding<T>(Func<LoadedModel, T> work) => Read(model => Unchanged(model, work));

    /// <summary>Measures once how fast the device decodes as many candidates as one request may have.</summary>
    internal DecodingPace Measure(CancellationToken cancellationToken) =>
        Run(model => _pace ??= model.Measure(_options.Candidates, cancellationToken));

    /// <summary>Runs work on the model, unless other work runs or no model is loaded.</summary>
    internal void TryRun(Action<LoadedModel> work)
    {
        if (!_gate.TryEnter())
            return;
        try
        {
            if (!_disposed && !Loaded.IsDisposed)
                work(Loaded);
        }
        finally
        {
            _gate.Exit();
        }
    }

    /// <summary>Waits for the work that runs, and frees the model.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            Loaded.Dispose();
        }
    }

    private T Read<T>(Func<LoadedModel, T> work)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            try
            {
                if (Loaded.IsDisposed)
                    LoadOnCpu();
                return work(Loaded);
            }
            catch (InferenceException e) when (e.Error == InferenceError.ModelChanged)
            {
                FileChanged?.Invoke(e);
                throw;
            }
        }
    }

    private T RunOnGpu<T>(Func<LoadedModel, T> work)
    {
        using (_marker.Enter())
        {
            try
            {
                T result = Unchanged(Loaded, work);
                return Loaded.Context.IsCorrupted ? throw Loaded.Context.NotFinite() : result;
            }
            catch (InferenceException e) when (e.Error is InferenceError.Decode or InferenceError.NotFinite)
            {
                Device = new DeviceReport(DeviceSelection.Cpu, null, $"{Device.Name} failed: {e.Message}");
                _pace = null;
                Loaded.Dispose();
            }
        }
        LoadOnCpu();
        return Unchanged(Loaded, work);
    }

    /// <summary>Checks the file before and after the work. Each decode checks it too.</summary>
    private T Unchanged<T>(LoadedModel model, Func<LoadedModel, T> work)
    {
        _file.RequireUnchanged();
        T result = work(model);
        _file.RequireUnchanged();
        return result;
    }

    private void LoadOnCpu()
    {
        // Report progress from a timer, because llama.cpp is silent while it reads a whole file from a slow disk.
        using var loading = new Timer(_ => Progressed(), null, TimeSpan.Zero, LoadingSign);
        try
        {
            Loaded = Open(null, CancellationToken.None);
        }
        catch (InferenceException e) when (e.Error != InferenceError.ModelChanged)
        {
            throw new InferenceException(
                InferenceError.Device,
                $"{Device.Why} Then the model could not be loaded on the CPU: {e.Message} The next request tries it again.",
                e
            );
        }
    }

    private LoadedModel Open(GpuDevice? gpu, CancellationToken cancellationToken)
    {
        _file.RequireUnchanged();
        return LoadedModel.Open(_options, _file, gpu, _collectHidden, Progressed, cancellationToken);
    }
}
