using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Devices;

/// <summary>
/// Loads a model on the fastest device that the setting allows. A device is not used if the model's output on it is not a finite number.
/// </summary>
/// <param name="options">The setting that says which devices may be used.</param>
/// <param name="natives">The libraries of llama.cpp.</param>
/// <param name="marker">A file that exists while a GPU computes.</param>
/// <param name="open">Loads the model on a GPU, or on the CPU if no GPU is given.</param>
internal sealed class DeviceSelection(
    LanguageModelOptions options,
    LlamaNatives natives,
    GpuMarker marker,
    Func<GpuDevice?, CancellationToken, LoadedModel> open
)
{
    internal const string Cpu = "CPU";

    /// <exception cref="InferenceException">llama.cpp refuses the model, or the setting asks for a GPU and none can be used.</exception>
    internal (LoadedModel Model, DeviceReport Report, DecodingPace? Pace) Choose(CancellationToken cancellationToken)
    {
        bool forced = options.InsistsOnGpu;
        if (options.Device == DeviceChoice.Cpu)
            return OnCpu("the device setting says so", cancellationToken);
        if (marker.Exists)
            return OnCpu(
                $"the program ended while {(forced ? "the GPU" : "a GPU")} computed; remove {marker.Path} and start again to give it another try",
                cancellationToken
            );
        if (GpuDevices.Find(natives, options.Device == DeviceChoice.VulkanSoftware, out string problem) is not { } gpu)
        {
            return forced
                ? throw new InferenceException(InferenceError.Model, $"device: {problem}; set device to auto or cpu")
                : OnCpu(problem, cancellationToken);
        }
        using (marker.Enter())
            return Choose(gpu, cancellationToken);
    }

    internal (LoadedModel Model, DeviceReport Report, DecodingPace? Pace) Choose(GpuDevice gpu, CancellationToken cancellationToken) =>
        options.InsistsOnGpu ? Forced(gpu, cancellationToken) : Faster(gpu, cancellationToken);

    private (LoadedModel, DeviceReport, DecodingPace?) OnCpu(string why, CancellationToken cancellationToken) =>
        (Checked(null, cancellationToken), new DeviceReport(Cpu, null, why), null);

    private (LoadedModel, DeviceReport, DecodingPace?) Forced(GpuDevice gpu, CancellationToken cancellationToken)
    {
        try
        {
            LoadedModel model = Checked(gpu, cancellationToken);
            return (model, new DeviceReport(gpu.Name, model.Layers ?? "0", "the device setting says so"), null);
        }
        catch (InferenceException e) when (e.Error is InferenceError.Decode or InferenceError.NotFinite)
        {
            return OnCpu($"{gpu.Name} cannot run this model: {e.Message}", cancellationToken);
        }
    }

    private LoadedModel Checked(GpuDevice? gpu, CancellationToken cancellationToken)
    {
        LoadedModel model = open(gpu, cancellationToken);
        try
        {
            model.Check(cancellationToken);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Measures a short decode on the CPU and then on the GPU. Not both at once, because a board lacks the memory for two models.</summary>
    private (LoadedModel, DeviceReport, DecodingPace?) Faster(GpuDevice gpu, CancellationToken cancellationToken)
    {
        DecodingPace cpuPace,
            gpuPace;
        using (LoadedModel cpu = open(null, cancellationToken))
            cpuPace = cpu.Measure(options.Candidates, cancellationToken);
        LoadedModel? model = null;
        try
        {
            model = open(gpu, cancellationToken);
            gpuPace = model.Measure(options.Candidates, cancellationToken);
        }
        catch (InferenceException e)
        {
            model?.Dispose();
            return OnCpu($"{gpu.Name} cannot run this model: {e.Message}", cancellationToken);
        }
        double onCpu = cpuPace.TokensPerSecond(options.Candidates),
            onGpu = gpuPace.TokensPerSecond(options.Candidates);
        string compared = FormattableString.Invariant($"a short decode gave {onGpu:F1} tokens/s on {gpu.Name} and {onCpu:F1} on the CPU");
        if (onGpu >= onCpu)
            return (model, new DeviceReport(gpu.Name, model.Layers ?? "0", compared), gpuPace);
        model.Dispose();
        return (open(null, cancellationToken), new DeviceReport(Cpu, null, compared), cpuPace);
    }
}
