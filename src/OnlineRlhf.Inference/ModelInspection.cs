using LLama.Native;
using OnlineRlhf.Inference.Features;
using OnlineRlhf.Inference.Gguf;
using OnlineRlhf.Inference.Llama;
using OnlineRlhf.Inference.Prompts;

namespace OnlineRlhf.Inference;

/// <summary>What can be said of a model before it is loaded: from its header, and from llama.cpp without the weights.</summary>
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

    /// <summary>The header.</summary>
    public GgufFile File { get; }

    /// <summary>The model's name, from its file.</summary>
    public string Name { get; }

    /// <summary>Why prompts cannot be written for it, and what to do; null where they can.</summary>
    public string? TemplateProblem { get; }

    /// <summary>How it thinks before it answers and what is done about it, for people; null where prompts cannot be written for it.</summary>
    public string? Thinking { get; }

    /// <summary>What is assumed where the file has no chat template, and what to do; null where it has one, or the options name one.</summary>
    public string? TemplateNote { get; }

    /// <summary>Tokens of prompt and answer together, as they would be.</summary>
    public int ContextTokens { get; }

    /// <summary>The style hints that candidates would be assigned.</summary>
    public IReadOnlyList<string> Hints { get; }

    /// <summary>The memory it would take.</summary>
    public ModelMemory Memory { get; }

    /// <summary>d of its feature map.</summary>
    public int Dimension { get; }

    /// <summary>Inspects a model. Takes little more than reading its vocabulary.</summary>
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
