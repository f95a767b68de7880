using Microsoft.Win32.SafeHandles;
using OnlineRlhf.Inference.Devices;
using OnlineRlhf.Inference.Prompts;
using OnlineRlhf.Inference.Sampling;

namespace OnlineRlhf.Inference.Tests.Engine;

/// <summary>A GPU fails, and loading the model on the CPU fails too. The CPU stands in for the GPU.</summary>
public sealed class DeviceFallbackTests
{
    private static readonly ChatMessage[] Question = [new("user", "How do I boil an egg?")];

    [Fact]
    public void Where_the_CPU_fails_too_every_request_says_so_until_one_finds_it_mended()
    {
        using SafeFileHandle file = Unnamed(out string path);
        using LanguageModel model = LanguageModel.Load(Models.Options(path), TestContext.Current.CancellationToken);
        (string Name, int Threads, int Context, int Hints) before = (model.Name, model.Threads, model.ContextTokens, model.Hints.Count);
        model.Device = new DeviceReport("Vulkan0 (pretended)", "5/5", "for a test");

        InferenceException failed = Assert.Throws<InferenceException>(() => Fail(model, () => RandomAccess.SetLength(file, 0)));
        Assert.Equal(InferenceError.Device, failed.Error);
        Assert.Contains("Vulkan0 (pretended) failed", failed.Message, StringComparison.Ordinal);
        Assert.Contains("could not be loaded on the CPU", failed.Message, StringComparison.Ordinal);
        Assert.Equal(before, (model.Name, model.Threads, model.ContextTokens, model.Hints.Count));
        Assert.True(model.Device.IsCpu);
        foreach (
            Action request in new Action[]
            {
                () => Ask(model),
                () => model.Force(Question, ["Hello."], TestContext.Current.CancellationToken),
                () => model.PromptTokens(Question),
                () => model.Measure(TestContext.Current.CancellationToken),
            }
        )
        {
            InferenceException again = Assert.Throws<InferenceException>(request);
            Assert.Equal(InferenceError.Device, again.Error);
            Assert.Contains("next request tries it again", again.Message, StringComparison.Ordinal);
        }
        RandomAccess.Write(file, PatchedModel.Whole, 0);
        Assert.NotEmpty(Ask(model));
    }

    [Fact]
    public void Where_the_CPU_is_all_right_it_does_what_the_GPU_could_not()
    {
        using LanguageModel model = LanguageModel.Load(Models.Options(Models.DemoPath), TestContext.Current.CancellationToken);
        model.Device = new DeviceReport("Vulkan0 (pretended)", "5/5", "for a test");
        Assert.True(model.OnDevice(() => model.Device.IsCpu || Decode(model)));
        Assert.Contains("Vulkan0 (pretended) failed", model.Device.Why, StringComparison.Ordinal);
        Assert.NotEmpty(Ask(model));
    }

    [Fact]
    public void What_is_freed_is_used_by_nobody()
    {
        LanguageModel model = LanguageModel.Load(Models.Options(DemoModelFile.Path), TestContext.Current.CancellationToken);
        Llama.Vocabulary vocabulary = model.Vocabulary;
        Llama.DecodingContext context = model.Context;
        model.Dispose();

        Assert.Throws<ObjectDisposedException>(() => vocabulary.IsEndOfGeneration(0));
        Assert.Throws<ObjectDisposedException>(() => vocabulary.Tokenize("Hello", control: false, []));
        Assert.Throws<ObjectDisposedException>(() => context.RemoveSequence(0));
        Assert.Throws<ObjectDisposedException>(context.Clear);
        Assert.Throws<ObjectDisposedException>(() => model.Force(Question, ["Hello."], TestContext.Current.CancellationToken));
        Assert.Throws<ObjectDisposedException>(() => model.PromptTokens(Question));
    }

    private static IReadOnlyList<Candidate> Ask(LanguageModel model) =>
        model.Sample(Question, new string?[2], new SamplingOptions { MaxTokens = 10 }, cancellationToken: TestContext.Current.CancellationToken);

    /// <summary>No vocabulary has this token: llama.cpp answers with an error code, as where a GPU runs out of memory.</summary>
    private static bool Decode(LanguageModel model)
    {
        model.Context.Batch.Clear();
        model.Context.Batch.Add(int.MaxValue, 0, 0, output: true);
        model.Context.Decode(CancellationToken.None);
        return true;
    }

    private static bool Fail(LanguageModel model, Action before) =>
        model.OnDevice(() =>
        {
            before();
            return Decode(model);
        });

    /// <summary>A copy of the model that no folder names: it can be corrupted and mended without being taken for another one.</summary>
    private static SafeFileHandle Unnamed(out string path)
    {
        string named = Path.GetTempFileName();
        SafeFileHandle file = File.OpenHandle(named, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.Write(file, PatchedModel.Whole, 0);
        File.Delete(named);
        path = $"/proc/self/fd/{file.DangerousGetHandle()}";
        return file;
    }
}
