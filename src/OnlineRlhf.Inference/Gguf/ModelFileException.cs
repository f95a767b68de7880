namespace OnlineRlhf.Inference.Gguf;

/// <summary>Thrown if a model file cannot be used. The message says in one line what is wrong, with which file, and what to do.</summary>
public sealed class ModelFileException : Exception
{
    internal ModelFileException(ModelFileError reason, string path, string what, string advice, Exception? cause = null)
        : base($"{Printable.Line(path, 4096)}: {what}. {advice}", cause)
    {
        Reason = reason;
        Path = path;
    }

    /// <summary>Why the file was refused.</summary>
    public ModelFileError Reason { get; }

    /// <summary>The path of the file, as the caller gave it.</summary>
    public string Path { get; }
}
