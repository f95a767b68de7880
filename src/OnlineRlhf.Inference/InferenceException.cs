namespace OnlineRlhf.Inference;

/// <summary>Why the engine refused or failed.</summary>
public enum InferenceError
{
    /// <summary>llama.cpp is missing, of another version, or does not load.</summary>
    Library,

    /// <summary>The model file is well formed but llama.cpp cannot use it here: architecture, memory, chat template.</summary>
    Model,

    /// <summary>The prompt does not fit the context.</summary>
    PromptTooLong,

    /// <summary>A decode failed; the next request may succeed.</summary>
    Decode,

    /// <summary>What the model computed is not a number, or too large to learn from: its weights are damaged, or this text is beyond them.</summary>
    NotFinite,

    /// <summary>A GPU failed, and the model could not be loaded on the CPU after that; the next request tries it again.</summary>
    Device,

    /// <summary>The model's file was changed or replaced while it was served: what it would answer belongs to no model that is known.</summary>
    ModelChanged,
}

/// <summary>The engine refused or failed; the message says what happened and what to do.</summary>
public sealed class InferenceException : Exception
{
    internal InferenceException(InferenceError error, string message, Exception? inner = null)
        : base(message, inner) => Error = error;

    /// <summary>What kind of failure it is.</summary>
    public InferenceError Error { get; }
}
