using System.Text;

namespace OnlineRlhf.Inference.Gguf;

/// <summary>Recognises by their first bytes files that people often mistake for GGUF files.</summary>
internal static class ForeignFile
{
    /// <summary>What the file seems to be, and what the user should do.</summary>
    public static (string What, string Advice) Describe(ReadOnlySpan<byte> start)
    {
        const string Convert = "Download the model in GGUF format, or convert it with llama.cpp's convert_hf_to_gguf.py.";
        if (start.StartsWith("version https://git-lfs"u8))
            return ("this is a Git LFS pointer, not the model itself", "Fetch the file with git lfs pull, or download it directly.");
        if (StartsWithMarkup(start))
            return ("this is a web page, not a GGUF file", "The download was probably redirected to a page: download the file itself.");
        if (start.StartsWith("lmgg"u8) || start.StartsWith("tjgg"u8) || start.StartsWith("fmgg"u8))
            return ("this is a GGML file from before GGUF", Convert);
        if (start.StartsWith("PK"u8))
            return ("this is a ZIP archive or a PyTorch checkpoint, not a GGUF file", Convert);
        if (start.Length > 8 && start[8] == (byte)'{')
            return ("this is probably a safetensors file, not a GGUF file", Convert);
        return ("this is not a GGUF file", "Give the path of a language model in GGUF format.");
    }

    private static bool StartsWithMarkup(ReadOnlySpan<byte> start) =>
        Encoding.UTF8.GetString(start).TrimStart('\uFEFF', ' ', '\r', '\n', '\t') is var text
        && (text.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase) || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase));
}
