using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using LLama.Native;

[assembly: DisableRuntimeMarshalling]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace OnlineRlhf.Inference.Llama;

/// <summary>
/// The functions of llama.cpp that LLamaSharp does not offer, or binds in a way that does not fit. They come from the library that LLamaSharp
/// has loaded.
/// </summary>
#pragma warning disable IDE1006, CA1707 // The names are those of llama.h and ggml-backend.h.
internal static unsafe partial class NativeMethods
{
    internal const string Library = "llama";

    [LibraryImport(Library)]
    internal static partial byte* ggml_version();

    /// <summary>Sets the log callback before LLamaSharp can, and without creating a string for each line.</summary>
    [LibraryImport(Library)]
    internal static partial void llama_log_set(delegate* unmanaged[Cdecl]<int, byte*, void*, void> callback, void* userData);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint ggml_backend_load(string path);

    [LibraryImport(Library)]
    internal static partial void ggml_backend_register(nint registration);

    [LibraryImport(Library)]
    internal static partial nuint ggml_backend_dev_count();

    [LibraryImport(Library)]
    internal static partial nint ggml_backend_dev_get(nuint index);

    [LibraryImport(Library)]
    internal static partial int ggml_backend_dev_type(nint device);

    [LibraryImport(Library)]
    internal static partial byte* ggml_backend_dev_name(nint device);

    [LibraryImport(Library)]
    internal static partial byte* ggml_backend_dev_description(nint device);

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial byte* ggml_get_name(nint tensor);

    [LibraryImport(Library)]
    internal static partial long ggml_nrows(nint tensor);

    [LibraryImport(Library)]
    internal static partial nuint ggml_nbytes(nint tensor);

    [LibraryImport(Library)]
    internal static partial void ggml_backend_tensor_get(nint tensor, void* destination, nuint offset, nuint size);

    [LibraryImport(Library)]
    internal static partial ModelParams llama_model_default_params();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SafeLlamaModelHandle llama_model_load_from_file(string path, ModelParams parameters);

    /// <summary>Decodes a batch. LLamaSharp's own decode pins every array of its batch again: 133 to 517 pins a step.</summary>
    [LibraryImport(Library)]
    internal static partial int llama_decode(SafeLLamaContextHandle context, LLamaNativeBatch batch);

    /// <summary>Creates a sampler, with the arguments since b10361. LLamaSharp 0.30.0 lacks the first one.</summary>
    [LibraryImport(Library)]
    internal static partial nint llama_sampler_init_penalties(int vocabulary, int lastTokens, float repeat, float frequency, float presence);

    [LibraryImport(Library)]
    internal static partial void llama_sampler_chain_add(SafeLLamaSamplerChainHandle chain, nint sampler);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int unsetenv(string name);
}
