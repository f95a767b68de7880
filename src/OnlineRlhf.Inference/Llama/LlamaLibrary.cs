using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using LLama.Native;

namespace OnlineRlhf.Inference.Llama;

/// <summary>Loads llama.cpp once per process, and checks that its version has a layout that this program knows.</summary>
internal static unsafe class LlamaLibrary
{
    private static readonly Lock Gate = new();
    private static LlamaNatives? s_natives;
    private static nint s_library;

    // llama.cpp logs on the thread that calls it. One thread must not take what another one's call said.
    [ThreadStatic]
    private static StringBuilder? t_complaints;

    [ThreadStatic]
    private static string? t_offloaded;

    static LlamaLibrary() => NativeLibrary.SetDllImportResolver(typeof(LlamaLibrary).Assembly, Resolve);

    /// <summary>The layout of the loaded version.</summary>
    internal static Layout Layout => s_natives!.Layout;

    /// <summary>
    /// Loads the library from the configured folder, or else from the program's own. A second call with the same folder does nothing.
    /// </summary>
    /// <param name="configuredFolder">The folder with the libraries; null looks beside the program.</param>
    /// <param name="build">The build for an instruction set; null takes the one with the highest score.</param>
    /// <returns>The loaded libraries.</returns>
    /// <exception cref="InferenceException">The library is missing, cannot be loaded, or has another version.</exception>
    internal static LlamaNatives Load(string? configuredFolder, string? build = null)
    {
        lock (Gate)
        {
            LlamaNatives natives = LlamaNatives.Find(configuredFolder);
            if (s_natives?.Folder == natives.Folder)
                return s_natives;
            if (s_natives is not null)
                throw new InferenceException(
                    InferenceError.Library,
                    $"llama.cpp is loaded from {s_natives.Folder} already and cannot be loaded from {natives.Folder} too."
                );
            // Load this before asking the backends for their scores: the first copy in memory stays there.
            if (natives.CommonLibrary is { } common)
                _ = Open(common);
            if (natives.Builds.Count == 0)
                throw new InferenceException(
                    InferenceError.Library,
                    $"No CPU backend (libggml-cpu-*.so) in {natives.Folder} runs on this machine: install the natives of this architecture."
                );
            (string library, string? backend) = natives.FilesOf(build ?? natives.Builds[0]);
            s_library = Open(library);
            NativeMethods.llama_log_set(&OnLog, null);
            // Run LLamaSharp's initialiser last. If no backend is loaded, it lets llama.cpp look for one beside the program and in the
            // working directory.
            if (backend is not null && NativeMethods.ggml_backend_load(backend) == 0)
                throw new InferenceException(
                    InferenceError.Library,
                    $"{backend} does not load ({TakeComplaints()}): install the natives that came with this program."
                );
            NativeLibraryConfig.LLama.WithLibrary(library);
            NativeApi.llama_empty_call();
            Require(natives);
            return s_natives = natives;
        }
    }

    /// <summary>How many layers of this thread's last model are on a GPU, such as "31/31"; null for none. Each call resets it.</summary>
    internal static string? TakeOffloaded()
    {
        string? offloaded = t_offloaded;
        t_offloaded = null;
        return offloaded;
    }

    /// <summary>The errors that llama.cpp has reported on this thread since the last call, in one line; empty if there were none.</summary>
    internal static string TakeComplaints()
    {
        string[] lines = (t_complaints?.ToString() ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        t_complaints = null;
        return string.Join("; ", lines.TakeLast(3));
    }

    private static nint Open(string file)
    {
        try
        {
            return NativeLibrary.Load(file);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            string help = e.Message.Contains("libgomp", StringComparison.Ordinal)
                ? " It needs the GNU OpenMP library: install it (Debian: apt-get install libgomp1)."
                : "";
            throw new InferenceException(InferenceError.Library, $"{file} does not load: {e.Message}{help}", e);
        }
    }

    private static void Require(LlamaNatives natives)
    {
        string ggml = Marshal.PtrToStringUTF8((nint)NativeMethods.ggml_version()) ?? "unknown";
        if (ggml != natives.Layout.Ggml || !natives.Layout.HoldsDefaults)
            throw new InferenceException(
                InferenceError.Library,
                $"The llama.cpp in {natives.Folder} (ggml {ggml}) is not version {natives.Version} (ggml {natives.Layout.Ggml}): "
                    + "this program cannot talk to it. Install the natives that came with it."
            );
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name == NativeMethods.Library ? s_library : 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(int level, byte* text, void* userData)
    {
        if (level == (int)LLamaLogLevel.Info)
            Notice(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
        if (level != (int)LLamaLogLevel.Error)
            return;
        t_complaints ??= new StringBuilder();
        if (t_complaints.Length < 4096)
            t_complaints.Append(Marshal.PtrToStringUTF8((nint)text));
    }

    /// <summary>Finds in a line of the log how many layers llama.cpp put on the GPU. It reports this nowhere else.</summary>
    private static void Notice(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> before = "offloaded "u8,
            after = " layers to GPU"u8;
        int from = text.IndexOf(before),
            to = text.IndexOf(after);
        if (from >= 0 && to > from)
            t_offloaded = Encoding.UTF8.GetString(text[(from + before.Length)..to]);
    }
}
