using System.Runtime.InteropServices;

namespace OnlineRlhf.Inference.Llama;

/// <summary>A device other than the CPU that ggml knows.</summary>
internal readonly record struct GpuDevice(nint Handle, string Name);

/// <summary>Finds GPUs by ggml's Vulkan backend. The backend is loaded only on request, because a driver can end the process.</summary>
internal static unsafe class GpuDevices
{
    private const int DedicatedGpu = 1,
        IntegratedGpu = 2;
    private const string Visible = "GGML_VK_VISIBLE_DEVICES";

    private static string? s_problem;
    private static bool s_loaded;

    /// <summary>Finds a GPU that may be used; null and the reason if there is none.</summary>
    /// <param name="natives">The libraries of llama.cpp, which must be loaded already.</param>
    /// <param name="software">Whether a software driver is acceptable. Otherwise drivers of type CPU are ignored.</param>
    /// <param name="problem">Why there is no GPU.</param>
    internal static GpuDevice? Find(LlamaNatives natives, bool software, out string problem)
    {
        if (!s_loaded)
            Load(natives.VulkanBackend, software);
        problem = s_problem ?? "no GPU with a Vulkan driver is here, or its device files may not be opened (group render)";
        for (nuint i = 0; s_problem is null && i < NativeMethods.ggml_backend_dev_count(); i++)
        {
            nint device = NativeMethods.ggml_backend_dev_get(i);
            if (NativeMethods.ggml_backend_dev_type(device) is DedicatedGpu or IntegratedGpu)
                return new GpuDevice(
                    device,
                    $"{Text(NativeMethods.ggml_backend_dev_name(device))} ({Text(NativeMethods.ggml_backend_dev_description(device))})"
                );
        }
        return null;
    }

    private static void Load(string? backend, bool software)
    {
        s_loaded = true;
        if (backend is null)
        {
            s_problem = "the Vulkan backend is not installed (package onlinerlhf-vulkan)";
            return;
        }
        // ggml lists drivers of type CPU only if this variable names them, so it must also be removed if the user has set it.
        // Environment.SetEnvironmentVariable does not reach native code.
        _ = software ? NativeMethods.setenv(Visible, "0", 1) : NativeMethods.unsetenv(Visible);
        if (NativeMethods.ggml_backend_load(backend) == 0 && !Register(backend))
            s_problem = $"the Vulkan backend {backend} does not load (package libvulkan1)";
    }

    /// <summary>
    /// Registers the backend of LLamaSharp.Backend.Vulkan. It is made for linking, and lacks the entry point by which ggml loads a backend.
    /// </summary>
    private static bool Register(string backend)
    {
        if (!NativeLibrary.TryLoad(backend, out nint library) || !NativeLibrary.TryGetExport(library, "ggml_backend_vk_reg", out nint registry))
            return false;
        nint registration = ((delegate* unmanaged[Cdecl]<nint>)registry)();
        if (registration != 0)
            NativeMethods.ggml_backend_register(registration);
        return registration != 0;
    }

    private static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";
}
