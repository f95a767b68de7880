using System.Runtime.InteropServices;
using OnlineRlhf.Inference.Devices;

namespace OnlineRlhf.Inference.Llama;

/// <summary>
/// The libraries of llama.cpp in a folder. There are two layouts. This program's packages have one library, and a CPU backend for each instruction
/// set, such as libggml-cpu-haswell.so. LLamaSharp.Backend.Cpu has a folder for each instruction set, such as avx2.
/// </summary>
public sealed unsafe class LlamaNatives
{
    private const string BaseLibrary = "libggml-base.so",
        CpuBackend = "libggml-cpu",
        Extension = ".so",
        VulkanBackendFile = "libggml-vulkan.so";

    // The folders that NuGet's packages use, and the folder that the build of a program with LLamaSharp uses.
    private static readonly string[] Within = ["", "LLamaSharpRuntimes/linux-x64/native", "runtimes/linux-x64/native"];

    /// <summary>
    /// The folders of LLamaSharp.Backend.Cpu, with the processor features that their code needs. The most promising one comes first: the AVX-512
    /// build is often slower than the AVX2 build.
    /// </summary>
    private static readonly (string Folder, string[] Features)[] Levels =
    [
        ("avx2", ["avx2", "fma", "f16c", "bmi2"]),
        ("avx512", ["avx512f", "avx512cd", "avx512vl", "avx512dq", "avx512bw", "fma", "f16c", "bmi2"]),
        ("avx", ["avx", "fma", "f16c", "bmi2"]),
        ("noavx", ["sse4_2"]),
    ];

    /// <summary>
    /// The builds with 512-bit vectors. They have the highest scores, but some processors run them several times slower than other builds.
    /// </summary>
    private static readonly string[] Wide = ["avx512", "cannonlake", "cascadelake", "cooperlake", "icelake", "sapphirerapids", "skylakex", "zen4"];

    private readonly Lazy<List<(string Name, string Library, string? Backend)>> _builds;

    private LlamaNatives(string folder, Layout layout, Func<List<(string Name, string Library, string? Backend)>> builds)
    {
        (Folder, Layout, _builds) = (folder, layout, new(builds));
        VulkanBackend = Vulkan(folder);
    }

    /// <summary>The folder that holds the libraries.</summary>
    public string Folder { get; }

    /// <summary>The version of llama.cpp.</summary>
    public string Version => Layout.Version;

    /// <summary>
    /// The builds that run on this processor, such as "haswell" or "avx2". The one with the highest score comes first, but need not be the fastest.
    /// </summary>
    public IReadOnlyList<string> Builds => [.. _builds.Value.Select(b => b.Name)];

    /// <summary>The same builds in the order in which to measure them: the first one, then those without 512-bit vectors, then the others.</summary>
    public IReadOnlyList<string> Contenders => Order(Builds);

    internal Layout Layout { get; }

    /// <summary>The library that all builds share; null if each build has its own.</summary>
    internal string? CommonLibrary => Layout == Layout.OfPackages ? Path.Combine(Folder, Layout.FileName) : null;

    /// <summary>The path of the Vulkan backend; null if it is not installed.</summary>
    internal string? VulkanBackend { get; }

    /// <summary>Finds the libraries.</summary>
    /// <param name="configured">The folder of the libraries, or of one of LLamaSharp's backend packages; null looks beside the program.</param>
    /// <exception cref="InferenceException">The libraries are not there.</exception>
    public static LlamaNatives Find(string? configured)
    {
        string[] folders = configured is not null
            ? [Path.TrimEndingDirectorySeparator(Path.GetFullPath(configured))]
            : [Path.Combine(AppContext.BaseDirectory, "natives"), AppContext.BaseDirectory];
        return folders.Select(In).FirstOrDefault(found => found is not null)
            ?? throw new InferenceException(
                InferenceError.Library,
                $"llama.cpp's libraries ({Layout.OfPackages.FileName}, or {Layout.OfLLamaSharp.FileName} of LLamaSharp.Backend.Cpu) are not "
                    + $"in {string.Join(" or ", folders)}: set the natives folder (--natives or ONLINERLHF_NATIVES) to the folder that holds them."
            );
    }

    /// <summary>The library of a build, and the CPU backend to load after it; null if the library contains the backend.</summary>
    /// <exception cref="InferenceException">There is no such build, or it does not run on this processor.</exception>
    internal (string Library, string? Backend) FilesOf(string build) =>
        _builds.Value.Find(b => b.Name == build) is { Library: not null } found
            ? (found.Library, found.Backend)
            : throw new InferenceException(
                InferenceError.Library,
                $"cpu_variant: {build} does not run on this processor, or is not in {Folder}; {string.Join(", ", Builds)} do."
            );

    internal static IReadOnlyList<string> Order(IReadOnlyList<string> builds) => [.. builds.Take(1), .. builds.Skip(1).OrderBy(Wide.Contains)];

    private static LlamaNatives? In(string folder)
    {
        string library = Path.Combine(folder, Layout.OfPackages.FileName);
        if (File.Exists(library))
            return new LlamaNatives(folder, Layout.OfPackages, () => [.. Scored(folder).Select(b => (b.Name, library, (string?)b.Path))]);
        foreach (string root in Within.Select(path => Path.Combine(folder, path)))
        {
            var builds = OfLLamaSharp(root);
            // LLamaSharp.Backend.Vulkan has no CPU backend. It depends on LLamaSharp.Backend.Cpu, which NuGet keeps beside it in the same version.
            if (builds.Count == 0 && Vulkan(root) is not null)
                builds = OfLLamaSharp(Path.GetFullPath(Path.Combine(folder, "../../llamasharp.backend.cpu", Path.GetFileName(folder), Within[1])));
            if (builds.Count > 0)
                return new LlamaNatives(root, Layout.OfLLamaSharp, () => builds);
        }
        return null;
    }

    private static string? Vulkan(string folder) =>
        new[] { Path.Combine(folder, "vulkan", VulkanBackendFile), Path.Combine(folder, VulkanBackendFile) }.FirstOrDefault(File.Exists);

    /// <summary>The folders of LLamaSharp.Backend.Cpu that run on this processor, or the folder itself if it is one of them.</summary>
    private static List<(string Name, string Library, string? Backend)> OfLLamaSharp(string root)
    {
        List<(string, string, string?)> builds = [];
        foreach ((string name, string[] needed) in Levels.Append((Folder: "", Features: [])))
        {
            string folder = Path.Combine(root, name),
                library = Path.Combine(folder, Layout.OfLLamaSharp.FileName);
            if (!File.Exists(library) || !File.Exists(Path.Combine(folder, CpuBackend + Extension)))
                continue;
            if (needed.All(InstructionSets.OfProcessor.Contains))
                builds.Add((name.Length > 0 ? name : Path.GetFileName(root), library, null));
        }
        return builds;
    }

    /// <summary>The CPU backends of a folder that run on this processor, ordered by the score that they give themselves.</summary>
    private static IEnumerable<(string Name, string Path)> Scored(string folder)
    {
        // Keep the base library loaded. Every backend depends on it, and it aborts the process if it is loaded a second time.
        _ = NativeLibrary.TryLoad(Path.Combine(folder, BaseLibrary), out _);
        return Directory
            .EnumerateFiles(folder, CpuBackend + "-*" + Extension)
            .Select(path => (Name: Path.GetFileName(path)[(CpuBackend.Length + 1)..^Extension.Length], Path: path, Score: Score(path)))
            .Where(b => b.Score > 0)
            .OrderByDescending(b => b.Score)
            .ThenBy(b => b.Name, StringComparer.Ordinal)
            .Select(b => (b.Name, b.Path));
    }

    /// <summary>The score that the library gives itself on this processor; 0 if it cannot run.</summary>
    private static int Score(string path)
    {
        if (!NativeLibrary.TryLoad(path, out nint library))
            return 0;
        int score = NativeLibrary.TryGetExport(library, "ggml_backend_score", out nint export) ? ((delegate* unmanaged[Cdecl]<int>)export)() : 0;
        NativeLibrary.Free(library);
        return score;
    }
}
