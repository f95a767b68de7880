using System.Runtime.InteropServices;
using OnlineRlhf.Inference.Llama;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>Folders of llama.cpp's libraries, in both layouts and as NuGet's packages have them. Nothing is loaded: the files are empty.</summary>
public sealed class LlamaNativesTests : IDisposable
{
    private const string InPackage = "LLamaSharpRuntimes/linux-x64/native";
    private readonly string _root = Directory.CreateTempSubdirectory().FullName;

    public LlamaNativesTests() =>
        Assert.SkipUnless(RuntimeInformation.OSArchitecture == Architecture.X64, "LLamaSharp.Backend.Cpu's folders are for x64.");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData(InPackage)]
    [InlineData("runtimes/linux-x64/native")]
    public void A_folder_for_each_instruction_set_is_LLamaSharps(string within)
    {
        foreach (string level in (string[])["noavx", "avx", "avx2", "avx512"])
            Put(Path.Combine(within, level), "libllama.so", "libggml-cpu.so");

        LlamaNatives natives = LlamaNatives.Find(_root);

        Assert.Equal("b10068", natives.Version);
        Assert.Equal("noavx", natives.Builds[^1]);
        Assert.Null(natives.VulkanBackend);
        (string library, string? backend) = natives.FilesOf("noavx");
        Assert.Equal(Path.Combine(_root, within, "noavx", "libllama.so"), library);
        Assert.Null(backend);
    }

    [Fact]
    public void One_of_these_folders_will_do()
    {
        Put("avx2", "libllama.so", "libggml-cpu.so");
        Assert.Equal(["avx2"], LlamaNatives.Find(Path.Combine(_root, "avx2")).Builds);
    }

    [Fact]
    public void LLamaSharps_Vulkan_package_takes_the_CPU_backends_of_the_package_beside_it()
    {
        Put($"llamasharp.backend.cpu/0.30.0/{InPackage}/noavx", "libllama.so", "libggml-cpu.so");
        Put($"llamasharp.backend.vulkan.linux/0.30.0/{InPackage}/vulkan", "libllama.so", "libggml.so", "libggml-vulkan.so");

        LlamaNatives natives = LlamaNatives.Find(Path.Combine(_root, "llamasharp.backend.vulkan.linux", "0.30.0"));

        Assert.Equal(["noavx"], natives.Builds);
        Assert.EndsWith("vulkan/libggml-vulkan.so", natives.VulkanBackend, StringComparison.Ordinal);
    }

    [Fact]
    public void One_library_with_backends_beside_it_is_the_packages()
    {
        Put("", "libllama.v0.5.0.so", "libggml-cpu-haswell.so");
        Put("vulkan", "libggml-vulkan.so");

        LlamaNatives natives = LlamaNatives.Find(_root);

        Assert.Equal("0.5.0", natives.Version);
        // An empty file is no backend that runs here.
        Assert.Empty(natives.Builds);
        Assert.NotNull(natives.VulkanBackend);
    }

    [Fact]
    public void A_build_that_is_not_there_is_named_with_those_that_are()
    {
        Put("noavx", "libllama.so", "libggml-cpu.so");
        InferenceException refused = Assert.Throws<InferenceException>(() => LlamaNatives.Find(_root).FilesOf("avx9"));
        Assert.Contains("avx9", refused.Message, StringComparison.Ordinal);
        Assert.Contains("noavx", refused.Message, StringComparison.Ordinal);
    }

    private void Put(string folder, params string[] files)
    {
        string at = Path.Combine(_root, folder);
        Directory.CreateDirectory(at);
        foreach (string file in files)
            File.WriteAllBytes(Path.Combine(at, file), []);
    }
}
