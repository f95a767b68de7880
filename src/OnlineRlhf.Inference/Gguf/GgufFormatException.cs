namespace OnlineRlhf.Inference.Gguf;

/// <summary>Says what is wrong inside a file. The caller adds the file's name and the advice.</summary>
internal sealed class GgufFormatException(ModelFileError reason, string what, string? advice = null) : Exception(what)
{
    public ModelFileError Reason { get; } = reason;

    /// <summary>What the user should do; null for the usual advice for the reason.</summary>
    public string? Advice { get; } = advice;

    public static GgufFormatException Damaged(string what) => new(ModelFileError.Damaged, what);
}
