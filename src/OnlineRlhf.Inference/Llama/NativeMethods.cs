using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

[assembly: DisableRuntimeMarshalling]
[assembly: DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]

namespace OnlineRlhf.Inference.Llama;

/// <summary>The functions of llama.h and ggml-backend.h (llama.cpp 0.5.0, ggml 0.25.1) that the engine calls, under their own names.</summary>
#pragma warning disable IDE1006, CA1707 // The names are llama.h's.
internal static unsafe partial class NativeMethods
{
    internal const string Library = "llama";

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void ggml_backend_load_all_from_path(string folder);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint ggml_backend_load(string path);

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

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int unsetenv(string name);

    [LibraryImport(Library)]
    internal static partial byte* ggml_version();

    [LibraryImport(Library), SuppressGCTransition]
    internal static partial byte* ggml_get_name(nint tensor);

    [LibraryImport(Library)]
    internal static partial long ggml_nrows(nint tensor);

    [LibraryImport(Library)]
    internal static partial nuint ggml_nbytes(nint tensor);

    [LibraryImport(Library)]
    internal static partial void ggml_backend_tensor_get(nint tensor, void* destination, nuint offset, nuint size);

    [LibraryImport(Library)]
    internal static partial void llama_log_set(delegate* unmanaged[Cdecl]<int, byte*, void*, void> callback, void* userData);

    [LibraryImport(Library)]
    internal static partial void llama_backend_init();

    [LibraryImport(Library)]
    internal static partial ModelParams llama_model_default_params();

    [LibraryImport(Library)]
    internal static partial ContextParams llama_context_default_params();

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial ModelHandle llama_model_load_from_file(string path, ModelParams parameters);

    [LibraryImport(Library)]
    internal static partial void llama_model_free(nint model);

    [LibraryImport(Library)]
    internal static partial nint llama_init_from_model(ModelHandle model, ContextParams parameters);

    [LibraryImport(Library)]
    internal static partial void llama_free(nint context);

    [LibraryImport(Library)]
    internal static partial nint llama_model_get_vocab(ModelHandle model);

    [LibraryImport(Library)]
    internal static partial int llama_model_n_ctx_train(ModelHandle model);

    [LibraryImport(Library)]
    internal static partial int llama_model_n_embd(ModelHandle model);

    [LibraryImport(Library)]
    internal static partial ulong llama_model_size(ModelHandle model);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool llama_model_has_encoder(ModelHandle model);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool llama_model_has_decoder(ModelHandle model);

    [LibraryImport(Library)]
    internal static partial byte* llama_model_chat_template(ModelHandle model, byte* name);

    [LibraryImport(Library)]
    internal static partial int llama_chat_apply_template(
        byte* template, NativeChatMessage* chat, nuint count, [MarshalAs(UnmanagedType.U1)] bool addAssistant, byte* buffer, int length);

    [LibraryImport(Library)]
    internal static partial int llama_vocab_n_tokens(BorrowedHandle vocab);

    [LibraryImport(Library)]
    internal static partial int llama_vocab_bos(BorrowedHandle vocab);

    [LibraryImport(Library)]
    internal static partial int llama_vocab_eos(BorrowedHandle vocab);

    [LibraryImport(Library)]
    internal static partial int llama_vocab_eot(BorrowedHandle vocab);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool llama_vocab_get_add_bos(BorrowedHandle vocab);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool llama_vocab_is_eog(BorrowedHandle vocab, int token);

    [LibraryImport(Library)]
    internal static partial int llama_tokenize(
        BorrowedHandle vocab, byte* text, int length, int* tokens, int maximum, [MarshalAs(UnmanagedType.U1)] bool addSpecial,
        [MarshalAs(UnmanagedType.U1)] bool parseSpecial);

    [LibraryImport(Library)]
    internal static partial int llama_token_to_piece(BorrowedHandle vocab, int token, byte* buffer, int length, int leftStrip,
        [MarshalAs(UnmanagedType.U1)] bool special);

    [LibraryImport(Library)]
    internal static partial int llama_decode(ContextHandle context, NativeBatch batch);

    [LibraryImport(Library)]
    internal static partial float* llama_get_logits_ith(ContextHandle context, int index);

    [LibraryImport(Library)]
    internal static partial nint llama_get_memory(ContextHandle context);

    [LibraryImport(Library)]
    internal static partial void llama_memory_clear(BorrowedHandle memory, [MarshalAs(UnmanagedType.U1)] bool data);

    [LibraryImport(Library)]
    internal static partial void llama_memory_seq_cp(BorrowedHandle memory, int source, int destination, int from, int to);

    [LibraryImport(Library)]
    [return: MarshalAs(UnmanagedType.U1)]
    internal static partial bool llama_memory_seq_rm(BorrowedHandle memory, int sequence, int from, int to);

    [LibraryImport(Library)]
    internal static partial SamplerHandle llama_sampler_chain_init(byte noPerformanceCounters);

    [LibraryImport(Library)]
    internal static partial void llama_sampler_chain_add(SamplerHandle chain, nint sampler);

    [LibraryImport(Library)]
    internal static partial nint llama_sampler_init_penalties(int vocabulary, int lastTokens, float repeat, float frequency, float presence);

    [LibraryImport(Library)]
    internal static partial nint llama_sampler_init_top_p(float p, nuint minimum);

    [LibraryImport(Library)]
    internal static partial nint llama_sampler_init_min_p(float p, nuint minimum);

    [LibraryImport(Library)]
    internal static partial nint llama_sampler_init_temp(float temperature);

    [LibraryImport(Library)]
    internal static partial nint llama_sampler_init_dist(uint seed);

    [LibraryImport(Library)]
    internal static partial void llama_sampler_apply(SamplerHandle chain, TokenDataArray* candidates);

    [LibraryImport(Library)]
    internal static partial void llama_sampler_accept(SamplerHandle chain, int token);

    [LibraryImport(Library)]
    internal static partial void llama_sampler_free(nint sampler);
}
