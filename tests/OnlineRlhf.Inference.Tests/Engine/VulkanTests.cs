using System.Numerics.Tensors;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>
/// The path of a GPU, on Mesa's software driver. ONLINERLHF_TEST_NATIVES names the folder of libraries with vulkan/libggml-vulkan.so.
/// </summary>
public sealed class VulkanTests
{
    private const string Drivers = "/usr/share/vulkan/icd.d";

    private static readonly IReadOnlyList<Prompts.ChatMessage> Question = [new("user", "How do I boil an egg?")];

    [Fact]
    public void A_GPU_holds_every_layer_and_gives_the_hidden_states_of_the_CPU()
    {
        using LanguageModel gpu = Load(DeviceChoice.VulkanSoftware);
        using LanguageModel cpu = Load(DeviceChoice.Cpu);
        string[] answers = ["Seven minutes in boiling water."];

        float[] onGpu = States(gpu),
            onCpu = States(cpu);

        Assert.StartsWith("Vulkan0", gpu.Device.Name, StringComparison.Ordinal);
        Assert.Equal("5/5", gpu.Device.Layers);
        Assert.True(cpu.Device.IsCpu);
        Assert.InRange(TensorPrimitives.CosineSimilarity<float>(onGpu, onCpu), 0.98f, 1.0001f);
        return;

        float[] States(LanguageModel model)
        {
            HiddenBlocks blocks = model.Force(Question, answers, cancellationToken: TestContext.Current.CancellationToken)[0];
            float[] states = new float[HiddenBlocks.Count * blocks.Width];
            blocks.CopyTo(states);
            return states;
        }
    }

    [Fact]
    public async Task A_GPU_tells_its_own_layers_while_another_thread_loads_a_model_on_the_CPU()
    {
        using (Load(DeviceChoice.VulkanSoftware)) { }
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var loaded = new ManualResetEventSlim();
        var others = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    Load(DeviceChoice.Cpu).Dispose();
                    loaded.Set();
                }
            },
            CancellationToken.None
        );
        loaded.Wait(TestContext.Current.CancellationToken);

        string?[] layers = [.. Enumerable.Range(0, 3).Select(_ => LayersOnGpu())];
        await stop.CancelAsync();
        await others;

        Assert.All(layers, l => Assert.Equal("5/5", l));
        return;

        static string? LayersOnGpu()
        {
            using LanguageModel gpu = Load(DeviceChoice.VulkanSoftware);
            return gpu.Device.Layers;
        }
    }

    [Fact]
    public void A_GPU_that_fails_is_left_for_the_CPU_which_does_the_work()
    {
        using LanguageModel model = Load(DeviceChoice.VulkanSoftware);

        Assert.True(
            model.OnDevice(() =>
            {
                if (model.Device.IsCpu)
                    return true;
                // No vocabulary has this token: llama.cpp answers with an error code, as where a GPU runs out of memory.
                model.Context.Batch.Clear();
                model.Context.Batch.Add(int.MaxValue, 0, 0, output: true);
                model.Context.Decode(CancellationToken.None);
                return false;
            })
        );

        Assert.True(model.Device.IsCpu);
        Assert.Contains("Vulkan0", model.Device.Why, StringComparison.Ordinal);
        Assert.NotEmpty(
            model.Sample(Question, [null, null], new() { Candidates = 2, MaxTokens = 4 }, cancellationToken: TestContext.Current.CancellationToken)
        );
    }

    [Fact]
    public void A_GPU_slower_than_the_CPU_is_left_alone_and_both_numbers_are_told()
    {
        // The backend is loaded with the software driver, so that the automatic choice finds it as it would find a GPU.
        using (Load(DeviceChoice.VulkanSoftware))
        {
            using LanguageModel model = Load(DeviceChoice.Auto);

            Assert.True(model.Device.IsCpu);
            Assert.Matches(@"gave \d+\.\d tokens/s on Vulkan0 .* and \d+\.\d on the CPU", model.Device.Why);
        }
    }

    [Fact]
    public void A_start_that_finds_the_marker_of_a_GPU_takes_the_CPU()
    {
        string marker = Path.GetTempFileName();
        try
        {
            using LanguageModel model = LanguageModel.Load(
                Options(DeviceChoice.VulkanSoftware) with
                {
                    GpuMarker = marker,
                },
                TestContext.Current.CancellationToken
            );
            Assert.True(model.Device.IsCpu);
            Assert.Contains(marker, model.Device.Why, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(marker);
        }
    }

    private static LanguageModelOptions Options(DeviceChoice device) =>
        Models.Options(Models.DemoPath) with
        {
            Device = device,
            Candidates = 2,
            AnswerTokens = 16,
            StyleHints = [],
        };

    private static LanguageModel Load(DeviceChoice device)
    {
        Assert.SkipUnless(
            LlamaNatives.Find(Models.Natives).VulkanBackend is not null,
            $"{Models.NativesVariable} names no folder with vulkan/libggml-vulkan.so."
        );
        string[] drivers = Directory.Exists(Drivers) ? Directory.GetFiles(Drivers, "lvp_icd*.json") : [];
        Assert.SkipUnless(drivers.Length > 0, "Mesa's software driver is not installed (mesa-vulkan-drivers).");
        foreach (string name in (string[])["VK_DRIVER_FILES", "VK_ICD_FILENAMES"])
            _ = NativeMethods.setenv(name, drivers[0], 1);
        // Each shader is compiled by LLVM: without its optimisation, in a tenth of the time.
        _ = NativeMethods.setenv("GALLIVM_PERF", "nopt", 1);
        return LanguageModel.Load(Options(device), TestContext.Current.CancellationToken);
    }
}
