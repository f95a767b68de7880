namespace OnlineRlhf.Inference.Gguf;

/// <summary>What is wrong inside a file, before the file's name and the advice are added to it.</summary>
internal sealed class GgufFormatException(ModelFileError reason, string what, string? advice = null) : Exception(what)
{
    public ModelFileError Reason { get; } = reason;

    /// <summary>What to do, where it is not the usual advice for the reason.</summary>
    public string? Advice { get; } = advice;

    public static GgufFormatException Damaged(string what) => new(ModelFileError.Damaged, what);
}
