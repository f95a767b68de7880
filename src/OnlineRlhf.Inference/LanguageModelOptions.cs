using OnlineRlhf.Inference.Devices;

namespace OnlineRlhf.Inference;

/// <summary>Which model is loaded, and how.</summary>
public sealed record LanguageModelOptions
{
    /// <summary>A GGUF file.</summary>
    public required string ModelPath { get; init; }

    /// <summary>The folder with llama.cpp's libraries; null looks beside the program.</summary>
    public string? NativesFolder { get; init; }

    /// <summary>Tokens of prompt and answer together; at most what the model was trained for. Memory grows with it.</summary>
    public int ContextTokens { get; init; } = 2048;

    /// <summary>The most tokens of one answer for which memory is set aside.</summary>
    public int AnswerTokens { get; init; } = 256;

    /// <summary>The most candidates of one request for which memory is set aside.</summary>
    public int Candidates { get; init; } = 8;

    /// <summary>
    /// Threads that decode; 0 takes the physical performance cores, fewer for a model too small to share. More
    /// threads than free cores make decoding collapse.
    /// </summary>
    public int Threads { get; init; }

    /// <summary>Which device may run the model.</summary>
    public DeviceChoice Device { get; init; } = DeviceChoice.Cpu;

    /// <summary>Whether the model may run on a GPU only.</summary>
    public bool InsistsOnGpu => Device is DeviceChoice.Vulkan or DeviceChoice.VulkanSoftware;

    /// <summary>The build of the CPU backend, such as "haswell"; null takes the one with the highest score. One per process.</summary>
    public string? CpuVariant { get; init; }

    /// <summary>
    /// A file that is there only while a GPU computes, on a file system that a boot clears; null for none. A start that finds it takes the CPU.
    /// </summary>
    public string? GpuMarker { get; init; }

    /// <summary>The style hints that candidates are assigned, for which memory is set aside; null takes those that suit the model.</summary>
    public IReadOnlyList<string>? StyleHints { get; init; }

    /// <summary>One of llama.cpp's built-in chat templates by name; null takes the model's own.</summary>
    public string? ChatTemplate { get; init; }

    /// <summary>Whether a reasoning model thinks before it answers, where its template leaves the choice.</summary>
    public bool Thinking { get; init; }

    /// <summary>The most tokens of thoughts before one answer, beside its own; at their end the block is closed and the answer begins.</summary>
    public int ThinkingBudget { get; init; } = 512;

    /// <summary>How many conversations are kept as the model has read them, so that a further turn costs only what is new; at least one.</summary>
    public int Conversations { get; init; } = 2;

    /// <summary>How long a conversation is kept after its last turn.</summary>
    public TimeSpan ConversationLifetime { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Measures that time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
