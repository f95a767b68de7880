using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference;

/// <summary>llama.cpp without a model.</summary>
public static class LlamaEngine
{
    /// <summary>Loads llama.cpp, without a model.</summary>
    /// <exception cref="InferenceException">llama.cpp is missing, has another version, or has no build for this processor.</exception>
    public static LlamaNatives Load(LanguageModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return LlamaLibrary.Load(options.NativesFolder, options.CpuVariant);
    }

    /// <summary>The GPU that the options allow, without loading a model; null and the reason if there is none.</summary>
    /// <exception cref="InferenceException">llama.cpp is missing or has another version.</exception>
    public static (string? Name, string Why) FindGpu(LanguageModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Device == DeviceChoice.Cpu)
            return (null, "the device setting says so");
        LlamaNatives natives = LlamaLibrary.Load(options.NativesFolder, options.CpuVariant);
        return (GpuDevices.Find(natives, options.Device == DeviceChoice.VulkanSoftware, out string problem)?.Name, problem);
    }
}
