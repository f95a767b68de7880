using System.Runtime.InteropServices;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Devices;

/// <summary>The builds of ggml's CPU backend for one instruction set each, such as "haswell" or "armv8.2_2". llama.cpp picks the one with the highest score, which need not be the fastest.</summary>
public static unsafe class CpuVariants
{
    private const string Before = "libggml-cpu-", After = ".so";

    /// <summary>The variants in a folder that run on this processor, the one that llama.cpp picks first.</summary>
    /// <param name="nativesFolder">The folder with llama.cpp's libraries; null looks beside the program.</param>
    /// <exception cref="InferenceException">llama.cpp is not there.</exception>
    public static IReadOnlyList<string> Supported(string? nativesFolder) =>
        [.. Scores(LlamaLibrary.Find(nativesFolder)).Where(v => v.Score > 0).OrderByDescending(v => v.Score).ThenBy(v => v.Name, StringComparer.Ordinal).Select(v => v.Name)];

    internal static string FileOf(string variant) => Before + variant + After;

    private static IEnumerable<(string Name, int Score)> Scores(string folder)
    {
        foreach (string path in Directory.EnumerateFiles(folder, Before + "*" + After))
            yield return (Path.GetFileName(path)[Before.Length..^After.Length], Score(path));
    }

    /// <summary>What the library itself says of this processor; 0 where it would not run.</summary>
    private static int Score(string path)
    {
        if (!NativeLibrary.TryLoad(path, out nint library))
            return 0;
        int score = NativeLibrary.TryGetExport(library, "ggml_backend_score", out nint export) ? ((delegate* unmanaged[Cdecl]<int>)export)() : 0;
        NativeLibrary.Free(library);
        return score;
    }
}
