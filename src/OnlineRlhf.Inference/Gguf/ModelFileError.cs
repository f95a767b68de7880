namespace OnlineRlhf.Inference.Gguf;

/// <summary>Why a model file was refused.</summary>
public enum ModelFileError
{
    /// <summary>There is no file with that name.</summary>
    NotFound,

    /// <summary>The file is not in GGUF format: it has another format, is a text, a directory or a device, or is empty.</summary>
    NotAGguf,

    /// <summary>
    /// A GGUF file of a kind that this program does not load: another version or byte order, a later part of a split model, an embedding model, an
    /// unknown tensor type, or no model.
    /// </summary>
    Unsupported,

    /// <summary>A GGUF file that is cut short or contradicts itself.</summary>
    Damaged,

    /// <summary>The operating system refused to open or read the file.</summary>
    Unreadable,
}
