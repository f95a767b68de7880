using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Devices;

/// <summary>Loads a model on the device that serves it best, as far as the setting leaves a choice.</summary>
internal sealed class DeviceSelection(LanguageModelOptions options, GgufFile file, string natives, GpuMarker marker, bool collectHidden)
{
    internal const string Cpu = "CPU";

    /// <exception cref="InferenceException">llama.cpp refuses the model, or the setting asks for a GPU and none can be used.</exception>
    internal (LoadedModel Model, DeviceReport Report, DecodingPace? Pace) Choose(CancellationToken cancellationToken)
    {
        bool forced = options.InsistsOnGpu;
        if (options.Device == DeviceChoice.Cpu)
            return OnCpu("the device setting says so", cancellationToken);
        if (marker.Exists)
            return OnCpu($"the program ended while {(forced ? "the GPU" : "a GPU")} computed; remove {marker.Path} and start again to give it another try", cancellationToken);
        if (GpuDevices.Find(natives, options.Device == DeviceChoice.VulkanSoftware, out string problem) is not { } gpu)
        {
            return forced
                ? throw new InferenceException(InferenceError.Model, $"device: {problem}; set device to auto or cpu")
                : OnCpu(problem, cancellationToken);
        }
        using (marker.Enter())
            return forced ? Forced(gpu, cancellationToken) : Faster(gpu, cancellationToken);
    }

    private (LoadedModel, DeviceReport, DecodingPace?) OnCpu(string why, CancellationToken cancellationToken) =>
        (Open(null, cancellationToken), new DeviceReport(Cpu, null, why), null);

    private (LoadedModel, DeviceReport, DecodingPace?) Forced(GpuDevice gpu, CancellationToken cancellationToken)
    {
        LoadedModel model = Open(gpu, cancellationToken);
        return (model, new DeviceReport(gpu.Name, model.Layers ?? "0", "the device setting says so"), null);
    }

    /// <summary>Decodes a little on both, one after the other: a board has not the memory for both.</summary>
    private (LoadedModel, DeviceReport, DecodingPace?) Faster(GpuDevice gpu, CancellationToken cancellationToken)
    {
        DecodingPace cpuPace, gpuPace;
        using (LoadedModel cpu = Open(null, cancellationToken))
            cpuPace = cpu.Measure(options.Candidates, cancellationToken);
        LoadedModel? model = null;
        try
        {
            model = Open(gpu, cancellationToken);
            gpuPace = model.Measure(options.Candidates, cancellationToken);
        }
        catch (InferenceException e)
        {
            model?.Dispose();
            return OnCpu($"{gpu.Name} cannot run this model: {e.Message}", cancellationToken);
        }
        double onCpu = cpuPace.TokensPerSecond(options.Candidates), onGpu = gpuPace.TokensPerSecond(options.Candidates);
        string compared = FormattableString.Invariant($"a short decode gave {onGpu:F1} tokens/s on {gpu.Name} and {onCpu:F1} on the CPU");
        if (onGpu >= onCpu)
            return (model, new DeviceReport(gpu.Name, model.Layers ?? "0", compared), gpuPace);
        model.Dispose();
        return (Open(null, cancellationToken), new DeviceReport(Cpu, null, compared), cpuPace);
    }

    private LoadedModel Open(GpuDevice? gpu, CancellationToken cancellationToken) => LoadedModel.Open(options, file, gpu, collectHidden, cancellationToken);
}
