using OnlineRlhf.Inference.Devices;

namespace OnlineRlhf.Inference;

/// <summary>Which model to load, and how.</summary>
public sealed record LanguageModelOptions
{
    /// <summary>The path of a GGUF file.</summary>
    public required string ModelPath { get; init; }

    /// <summary>The folder with the libraries of llama.cpp; null looks beside the program.</summary>
    public string? NativesFolder { get; init; }

    /// <summary>
    /// The length of the context, which prompt and answer share, in tokens. The model's training length limits it. A longer context takes
    /// more memory.
    /// </summary>
    public int ContextTokens { get; init; } = 2048;

    /// <summary>The most tokens of one answer, for which memory is reserved.</summary>
    public int AnswerTokens { get; init; } = 256;

    /// <summary>The most candidates of one request, for which memory is reserved.</summary>
    public int Candidates { get; init; } = 8;

    /// <summary>
    /// How many threads decode. 0 means the number of physical performance cores, or fewer for a model that is too small to share. More threads than
    /// free cores make decoding collapse.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>Which device may run the model.</summary>
    public DeviceChoice Device { get; init; } = DeviceChoice.Cpu;

    /// <summary>Whether the model may only run on a GPU.</summary>
    public bool InsistsOnGpu => Device is DeviceChoice.Vulkan or DeviceChoice.VulkanSoftware;

    /// <summary>
    /// The build of the CPU backend, such as "haswell"; null takes the one with the highest score. A process can load only one build.
    /// </summary>
    public string? CpuVariant { get; init; }

    /// <summary>
    /// A file that exists only while a GPU computes, on a file system that a boot clears; null for none. A start that finds the file uses the CPU.
    /// </summary>
    public string? GpuMarker { get; init; }

    /// <summary>The style hints for candidates, for which memory is reserved; null takes those that suit the model.</summary>
    public IReadOnlyList<string>? StyleHints { get; init; }

    /// <summary>The name of one of llama.cpp's built-in chat templates; null takes the model's own template.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Whether a reasoning model thinks before it answers, if its template leaves the choice.</summary>
    public bool Thinking { get; init; }

    /// <summary>
    /// The most tokens that the model may think before one answer, in addition to the answer's own. At this limit the program closes the thoughts,
    /// and the answer begins.
    /// </summary>
    public int ThinkingBudget { get; init; } = 512;

    /// <summary>How many conversations the model keeps in memory, so that another turn costs only its new tokens; at least one.</summary>
    public int Conversations { get; init; } = 2;

    /// <summary>How long a conversation is kept after its last turn.</summary>
    public TimeSpan ConversationLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Measures the lifetime of conversations.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
