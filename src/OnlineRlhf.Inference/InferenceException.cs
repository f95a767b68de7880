namespace OnlineRlhf.Inference;

/// <summary>Why the engine refused a request, or failed.</summary>
public enum InferenceError
{
    /// <summary>llama.cpp is missing, has another version, or cannot be loaded.</summary>
    Library,

    /// <summary>The model file is well formed, but llama.cpp cannot use it here because of its architecture, memory or chat template.</summary>
    Model,

    /// <summary>The prompt does not fit into the context.</summary>
    PromptTooLong,

    /// <summary>A decode failed. The next request may succeed.</summary>
    Decode,

    /// <summary>
    /// The model's output is not a finite number, or is too large to learn from. Its weights are damaged, or it cannot handle this text.
    /// </summary>
    NotFinite,

    /// <summary>A GPU failed, and then the model could not be loaded on the CPU. The next request tries again.</summary>
    Device,

    /// <summary>The model's file was changed or replaced while the program used it. Its answers would belong to an unknown model.</summary>
    ModelChanged,
}

/// <summary>Thrown if the engine refuses a request or fails. The message says what happened and what to do.</summary>
public sealed class InferenceException : Exception
{
    internal InferenceException(InferenceError error, string message, Exception? inner = null)
        : base(message, inner) => Error = error;

    /// <summary>The kind of failure.</summary>
    public InferenceError Error { get; }
}
