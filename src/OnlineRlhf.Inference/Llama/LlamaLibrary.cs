using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using OnlineRlhf.Inference.Devices;

namespace OnlineRlhf.Inference.Llama;

/// <summary>llama.cpp, loaded once per process from one folder and checked to be the version whose layout this program knows.</summary>
internal static unsafe class LlamaLibrary
{
    internal const string Version = "0.5.0";
    private const string FileName = $"libllama.v{Version}.so";
    private const int InformationLevel = 2, ErrorLevel = 4;

    private static readonly Lock Gate = new();
    private static readonly StringBuilder Complaints = new();
    private static string? s_folder;
    private static nint s_library;
    private static string? s_offloaded;

    static LlamaLibrary() => NativeLibrary.SetDllImportResolver(typeof(LlamaLibrary).Assembly, Resolve);

    /// <summary>Loads the library from the configured folder, else from the program's own; a second call with the same folder does nothing.</summary>
    /// <exception cref="InferenceException">Not found, does not load, or another version.</exception>
    /// <param name="configuredFolder">Where to look; null for beside the program.</param>
    /// <param name="cpuVariant">The build of the CPU backend; null takes the one with the highest score.</param>
    /// <returns>The folder it was loaded from.</returns>
    internal static string Load(string? configuredFolder, string? cpuVariant = null)
    {
        lock (Gate)
        {
            string folder = Find(configuredFolder);
            if (s_folder == folder)
                return folder;
            if (s_folder is not null)
                throw new InferenceException(InferenceError.Library, $"llama.cpp is loaded from {s_folder} already and cannot be loaded from {folder} too.");
            string file = Path.Combine(folder, FileName);
            try
            {
                s_library = NativeLibrary.Load(file);
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
            {
                throw new InferenceException(InferenceError.Library, $"{file} does not load: {e.Message}", e);
            }
            Refuse(folder);
            NativeMethods.llama_log_set(&OnLog, null);
            if (cpuVariant is null)
                NativeMethods.ggml_backend_load_all_from_path(folder);
            else if (CpuVariants.Supported(folder) is var variants && !variants.Contains(cpuVariant))
                throw new InferenceException(InferenceError.Library, $"cpu_variant: {cpuVariant} does not run on this processor, or is not in {folder}; {string.Join(", ", variants)} do.");
            else
                NativeMethods.ggml_backend_load(Path.Combine(folder, CpuVariants.FileOf(cpuVariant)));
            NativeMethods.llama_backend_init();
            if (NativeMethods.ggml_backend_dev_count() == 0)
                throw new InferenceException(InferenceError.Library, $"No CPU backend (libggml-cpu-*.so) in {folder} runs on this machine: install the natives of this architecture.");
            return s_folder = folder;
        }
    }

    /// <summary>How many layers of the last model a GPU holds, such as "31/31", since the last call; null for none.</summary>
    internal static string? TakeOffloaded() => Interlocked.Exchange(ref s_offloaded, null);

    /// <summary>The errors llama.cpp has reported since the last call, as one line; empty where there were none.</summary>
    internal static string TakeComplaints()
    {
        lock (Complaints)
        {
            string text = string.Join("; ", Complaints.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(3));
            Complaints.Clear();
            return text;
        }
    }

    internal static string Find(string? configuredFolder)
    {
        string[] folders = configuredFolder is not null
            ? [Path.GetFullPath(configuredFolder)]
            : [Path.Combine(AppContext.BaseDirectory, "natives"), AppContext.BaseDirectory];
        return folders.FirstOrDefault(f => File.Exists(Path.Combine(f, FileName)))
            ?? throw new InferenceException(InferenceError.Library,
                $"llama.cpp {Version} ({FileName}) is not in {string.Join(" or ", folders)}: set the natives folder (--natives or ONLINERLHF_NATIVES) to the folder that holds it.");
    }

    private static void Refuse(string folder)
    {
        // 0.7.0 inserts a field into llama_context_params and is told apart by a function it adds.
        bool later = NativeLibrary.TryGetExport(s_library, "llama_batch_ext_init", out _);
        if (later || !NativeMethods.llama_context_default_params().HoldsDefaults)
        {
            string ggml = Marshal.PtrToStringUTF8((nint)NativeMethods.ggml_version()) ?? "unknown";
            throw new InferenceException(InferenceError.Library, $"The llama.cpp in {folder} (ggml {ggml}) is not version {Version}, the only one this program can talk to: install the natives that came with it.");
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name == NativeMethods.Library ? s_library : 0;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(int level, byte* text, void* userData)
    {
        if (level == InformationLevel)
            Notice(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
        if (level != ErrorLevel)
            return;
        lock (Complaints)
        {
            if (Complaints.Length < 4096)
                Complaints.Append(Marshal.PtrToStringUTF8((nint)text));
        }
    }

    /// <summary>llama.cpp tells nobody but its log how many layers it could put on the GPU.</summary>
    private static void Notice(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> before = "offloaded "u8, after = " layers to GPU"u8;
        int from = text.IndexOf(before), to = text.IndexOf(after);
        if (from >= 0 && to > from)
            s_offloaded = Encoding.UTF8.GetString(text[(from + before.Length)..to]);
    }
}
