using System.Runtime.InteropServices;
using LLama.Native;

namespace OnlineRlhf.Inference.Llama;

/// <summary>
/// Where a version of llama.cpp keeps its parameters. LLamaSharp 0.30.0 binds one version; the one that the packages carry differs from it in two
/// structures and one function, and these are what this type bridges.
/// </summary>
internal sealed class Layout
{
    /// <summary>The version that LLamaSharp binds, as LLamaSharp.Backend.Cpu 0.30.0 carries it.</summary>
    internal static readonly Layout OfLLamaSharp = new("b10068", "libllama.so", "0.18.0", isLater: false);

    /// <summary>The version that the packages carry.</summary>
    internal static readonly Layout OfPackages = new("0.5.0", "libllama.v0.5.0.so", "0.25.1", isLater: true);

    // The later version has n_outputs_max_per_seq here, which moves the fields behind it; at 88 bytes both agree again.
    private const int ThreadsAt = 6,
        PoolingAfterThreads = 4;

    // The later version has lazy_mode at 28, which moves what stands behind main_gpu.
    private const int ProgressAt = 40,
        ProgressDataAt = 48,
        VocabularyOnlyAt = 64,
        LaterBy = 8;

    private Layout(string version, string fileName, string ggml, bool isLater) =>
        (Version, FileName, Ggml, IsLater) = (version, fileName, ggml, isLater);

    /// <summary>llama.cpp's name for the version.</summary>
    internal string Version { get; }

    /// <summary>What the library is called.</summary>
    internal string FileName { get; }

    /// <summary>What ggml_version says.</summary>
    internal string Ggml { get; }

    /// <summary>Whether llama_sampler_init_penalties takes the vocabulary's size first, and the structures are the later ones.</summary>
    internal bool IsLater { get; }

    /// <summary>Whether the library's own defaults stand where this layout expects them. LLamaSharp has to have loaded it.</summary>
    internal bool HoldsDefaults
    {
        get
        {
            LLamaContextParams d = LLamaContextParams.Default();
            return (d.n_threads, d.n_threads_batch, (int)d.context_type) == (IsLater ? (1, 4, 4) : (4, 4, 0))
                && (d.n_ctx, d.n_batch, d.n_seq_max) == (512, 2048, 1)
                && (d.embeddings, d.offload_kqv, d.no_perf, d.op_offload, d.swa_full, d.kv_unified) == (false, true, true, true, true, false);
        }
    }

    /// <summary>Sets the fields of a context's parameters that lie at different places.</summary>
    internal void SetThreads(ref LLamaContextParams parameters, int threads)
    {
        Span<int> fields = MemoryMarshal.Cast<LLamaContextParams, int>(new Span<LLamaContextParams>(ref parameters));
        int at = ThreadsAt;
        if (IsLater)
            fields[at++] = 0;
        fields[at] = fields[at + 1] = threads;
        fields[at + PoolingAfterThreads] = (int)LLamaPoolingType.None;
    }

    /// <summary>A model's parameters.</summary>
    /// <param name="devices">The devices that hold layers, closed by a null.</param>
    /// <param name="gpuLayers">How many layers a GPU holds at most.</param>
    /// <param name="progress">llama_progress_callback.</param>
    /// <param name="progressData">What it is given.</param>
    /// <param name="vocabularyOnly">Whether the weights are left out.</param>
    internal unsafe ModelParams ModelParams(nint* devices, int gpuLayers, nint progress, nint progressData, bool vocabularyOnly)
    {
        ModelParams parameters = NativeMethods.llama_model_default_params();
        parameters.Devices = devices;
        parameters.GpuLayers = gpuLayers;
        parameters.LoadMode = LLamaLoadMode.MemoryMap;
        byte* moved = (byte*)&parameters + (IsLater ? LaterBy : 0);
        *(nint*)(moved + ProgressAt) = progress;
        *(nint*)(moved + ProgressDataAt) = progressData;
        *(moved + VocabularyOnlyAt) = vocabularyOnly ? (byte)1 : (byte)0;
        return parameters;
    }

    /// <summary>Adds a sampler that makes the last tokens less likely.</summary>
    internal void AddPenalties(SafeLLamaSamplerChainHandle chain, int vocabulary, int lastTokens, float repeat)
    {
        if (IsLater)
            NativeMethods.llama_sampler_chain_add(chain, NativeMethods.llama_sampler_init_penalties(vocabulary, lastTokens, repeat, 0, 0));
        else
            chain.AddPenalties(lastTokens, repeat, 0, 0);
    }
}

/// <summary>
/// llama_model_params, 72 or 80 bytes; declared larger, which every calling convention in use accepts, since a struct of this size travels in memory.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 128)]
internal unsafe struct ModelParams
{
    [FieldOffset(0)]
    internal nint* Devices;

    [FieldOffset(16)]
    internal int GpuLayers;

    [FieldOffset(24)]
    internal LLamaLoadMode LoadMode;
}
