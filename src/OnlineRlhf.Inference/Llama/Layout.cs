using System.Runtime.InteropServices;
using LLama.Native;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Llama;

/// <summary>
/// Where a version of llama.cpp keeps its parameters. LLamaSharp 0.30.0 binds one version. The version in the packages differs in two structures and
/// one function, and this class hides the difference.
/// </summary>
internal sealed class Layout
{
    /// <summary>The version that LLamaSharp binds: the one in LLamaSharp.Backend.Cpu 0.30.0.</summary>
    internal static readonly Layout OfLLamaSharp = new("b10068", "libllama.so", "0.18.0", isLater: false);

    /// <summary>The version in this program's packages.</summary>
    internal static readonly Layout OfPackages = new("0.5.0", "libllama.v0.5.0.so", "0.25.1", isLater: true);

    // The later version has n_outputs_max_per_seq here, which moves the fields after it. From byte 88 on both versions agree again.
    private const int ThreadsAt = 6,
        PoolingAfterThreads = 4;

    // The later version has lazy_mode at 28, which moves the fields after main_gpu.
    private const int ProgressAt = 40,
        ProgressDataAt = 48,
        VocabularyOnlyAt = 64,
        LaterBy = 8;

    private Layout(string version, string fileName, string ggml, bool isLater) =>
        (Version, FileName, Ggml, IsLater) = (version, fileName, ggml, isLater);

    /// <summary>llama.cpp's name for the version.</summary>
    internal string Version { get; }

    /// <summary>The file name of the library.</summary>
    internal string FileName { get; }

    /// <summary>The result of ggml_version.</summary>
    internal string Ggml { get; }

    /// <summary>
    /// Whether this is the later version: its structures differ, and llama_sampler_init_penalties takes the vocabulary's size first.
    /// </summary>
    internal bool IsLater { get; }

    /// <summary>Whether this layout finds the library's own defaults where it expects them. LLamaSharp must have loaded the library.</summary>
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

    /// <summary>Sets those fields of a context's parameters that have other offsets in the later version.</summary>
    internal void SetThreads(ref LLamaContextParams parameters, int threads)
    {
        Span<int> fields = MemoryMarshal.Cast<LLamaContextParams, int>(new Span<LLamaContextParams>(ref parameters));
        int at = ThreadsAt;
        if (IsLater)
            fields[at++] = 0;
        fields[at] = fields[at + 1] = threads;
        fields[at + PoolingAfterThreads] = (int)LLamaPoolingType.None;
    }

    /// <summary>The parameters of a model.</summary>
    /// <param name="devices">The devices that hold layers, ended by a null.</param>
    /// <param name="gpuLayers">The most layers on a GPU.</param>
    /// <param name="progress">A llama_progress_callback.</param>
    /// <param name="progressData">The argument of the callback.</param>
    /// <param name="vocabularyOnly">Whether to load only the vocabulary, without the weights.</param>
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

    /// <summary>Adds a sampler that makes repetitions of the last tokens less likely.</summary>
    internal void AddPenalties(SafeLLamaSamplerChainHandle chain, int vocabulary, int lastTokens, SamplingOptions options)
    {
        if (IsLater)
            NativeMethods.llama_sampler_chain_add(
                chain,
                NativeMethods.llama_sampler_init_penalties(
                    vocabulary,
                    lastTokens,
                    options.RepeatPenalty,
                    options.FrequencyPenalty,
                    options.PresencePenalty
                )
            );
        else
            chain.AddPenalties(lastTokens, options.RepeatPenalty, options.FrequencyPenalty, options.PresencePenalty);
    }
}

/// <summary>
/// The structure llama_model_params, of 72 or 80 bytes. It is declared larger, which is safe: all calling conventions in use pass structures of this
/// size in memory.
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
