using LLama.Native;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference;

/// <summary>What is known of a model before it is loaded: from its header, and from llama.cpp without the weights.</summary>
public sealed class ModelInspection
{
    private ModelInspection(GgufFile file, LanguageModelOptions options, string? templateProblem, Thinking? thinking)
    {
        File = file;
        Name = file.Name ?? Path.GetFileNameWithoutExtension(options.ModelPath);
        TemplateProblem = templateProblem;
        TemplateNote = AssumedTemplate(file, options);
        ContextTokens = Math.Min(options.ContextTokens, file.ContextLength);
        Hints = options.StyleHints ?? StyleHints.For(Name);
        int thoughts = thinking?.Reserve(options.ThinkingBudget) ?? 0;
        Memory = ModelMemory.Of(file, options with { AnswerTokens = options.AnswerTokens + thoughts }, Hints);
        Thinking = thinking?.Describe(options.ThinkingBudget);
        Dimension = FeatureMap.DimensionOf(file.EmbeddingLength);
    }

    /// <summary>The header of the file.</summary>
    public GgufFile File { get; }

    /// <summary>The model's name, from its file.</summary>
    public string Name { get; }

    /// <summary>Why the program cannot write prompts for the model, and what to do; null if it can.</summary>
    public string? TemplateProblem { get; }

    /// <summary>
    /// How the model thinks before it answers, and what the program does about it, for people; null if it cannot write prompts for the model.
    /// </summary>
    public string? Thinking { get; }

    /// <summary>
    /// Which chat template is assumed because the file has none, and what to do; null if the file has one, or the options name one.
    /// </summary>
    public string? TemplateNote { get; }

    /// <summary>The length of the context that the model would get, in tokens.</summary>
    public int ContextTokens { get; }

    /// <summary>The style hints that candidates would get.</summary>
    public IReadOnlyList<string> Hints { get; }

    /// <summary>The memory that the model would take.</summary>
    public ModelMemory Memory { get; }

    /// <summary>The number of features, d, of its feature map.</summary>
    public int Dimension { get; }

    /// <summary>Inspects a model. This takes little longer than reading its vocabulary.</summary>
    /// <exception cref="ModelFileException">The file cannot be used.</exception>
    /// <exception cref="InferenceException">llama.cpp is missing, or does not know the architecture.</exception>
    public static ModelInspection Of(LanguageModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        GgufFile file = GgufFile.Open(options.ModelPath);
        LlamaLibrary.Load(options.NativesFolder);
        using SafeLlamaModelHandle model = LoadedModel.LoadFile(options.ModelPath, file, gpu: null, vocabularyOnly: true, CancellationToken.None);
        string? problem = null;
        Thinking? thinking = null;
        try
        {
            thinking = Prompts.Thinking.Of(new ChatTemplate(model, options.ChatTemplate).Own, options.Thinking);
        }
        catch (InferenceException e)
        {
            problem = e.Message;
        }
        return new ModelInspection(file, options, problem, thinking);
    }

    internal static string? AssumedTemplate(GgufFile file, LanguageModelOptions options) =>
        file.ChatTemplate is not null || options.ChatTemplate is not null
            ? null
            : "none is in the file: ChatML is assumed; where the model was taught another one, "
                + "name it with the chat_template setting (--chat-template, such as llama3 or gemma)";
}
