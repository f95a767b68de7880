using OnlineRlhf.Inference.Gguf;

namespace OnlineRlhf.Inference.Tests.Engine;

public sealed class ModelLoadingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("onlinerlhf-model-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("chatml")]
    [InlineData("llama3")]
    [InlineData("gemma")]
    [InlineData("phi3")]
    [InlineData("mistral-v7")]
    [InlineData("zephyr")]
    public void Any_built_in_chat_template_can_be_named(string template)
    {
        using LanguageModel model = LanguageModel.Load(
            Models.Options(Models.DemoPath) with
            {
                ChatTemplate = template,
            },
            TestContext.Current.CancellationToken
        );
        Assert.NotEmpty(model.Sample([new("user", "Hello")], new string?[2], new(), cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void An_unknown_chat_template_is_refused_in_words()
    {
        InferenceException refused = Assert.Throws<InferenceException>(() =>
            LanguageModel.Load(Models.Options(Models.DemoPath) with { ChatTemplate = "no such template" }, TestContext.Current.CancellationToken)
        );
        Assert.Equal(InferenceError.Model, refused.Error);
        Assert.Contains("no such template", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_a_chat_template_says_what_is_assumed()
    {
        string path = Path.Combine(_folder, "plain.gguf");
        File.WriteAllBytes(path, PatchedModel.Renamed("tokenizer.chat_template", "tokenizer.chat_templatx"));
        using LanguageModel model = LanguageModel.Load(Models.Options(path), TestContext.Current.CancellationToken);

        Assert.Contains("ChatML is assumed", model.TemplateNote, StringComparison.Ordinal);
        Assert.Contains("chat_template", ModelInspection.Of(Models.Options(path)).TemplateNote, StringComparison.Ordinal);
        Assert.Null(ModelInspection.Of(Models.Options(path) with { ChatTemplate = "llama3" }).TemplateNote);
        Assert.Null(Models.Demo.TemplateNote);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(50_000)]
    [InlineData(1_000_000)]
    public void A_truncated_model_is_refused_before_llama_cpp_sees_it(int length)
    {
        string path = Path.Combine(_folder, "model.gguf");
        File.WriteAllBytes(path, File.ReadAllBytes(Models.DemoPath)[..length]);
        Assert.Throws<ModelFileException>(() => LanguageModel.Load(Models.Options(path), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Loading_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => LanguageModel.Load(Models.Options(Models.DemoPath), cancelled.Token));
    }

    [Fact]
    public void A_folder_without_llama_cpp_is_named_with_what_to_do()
    {
        InferenceException refused = Assert.Throws<InferenceException>(() =>
            LanguageModel.Load(Models.Options(Models.DemoPath) with { NativesFolder = _folder }, TestContext.Current.CancellationToken)
        );
        Assert.Equal(InferenceError.Library, refused.Error);
        Assert.Contains(_folder, refused.Message, StringComparison.Ordinal);
        Assert.Contains("--natives", refused.Message, StringComparison.Ordinal);
    }
}
