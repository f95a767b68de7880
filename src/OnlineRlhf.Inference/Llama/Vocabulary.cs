using System.Buffers;
using System.Text;

namespace OnlineRlhf.Inference.Llama;

/// <summary>The model's tokens: text to tokens and back.</summary>
internal sealed unsafe class Vocabulary : IDisposable
{
    private const int LongestPiece = 4096;
    private readonly BorrowedHandle _vocabulary;

    internal Vocabulary(ModelHandle model)
    {
        _vocabulary = new BorrowedHandle(model, NativeMethods.llama_model_get_vocab(model));
        Count = NativeMethods.llama_vocab_n_tokens(_vocabulary);
        int turn = NativeMethods.llama_vocab_eot(_vocabulary);
        EndOfTurn = turn >= 0 ? turn : NativeMethods.llama_vocab_eos(_vocabulary);
        BeginningOfText = NativeMethods.llama_vocab_get_add_bos(_vocabulary) ? NativeMethods.llama_vocab_bos(_vocabulary) : null;
    }

    /// <summary>Lets go of the model.</summary>
    public void Dispose() => _vocabulary.Dispose();

    internal int Count { get; }

    /// <summary>The token that closes an answer; negative where the model has none.</summary>
    internal int EndOfTurn { get; }

    /// <summary>The token every text begins with; null where the model wants none.</summary>
    internal int? BeginningOfText { get; }

    internal bool IsEndOfGeneration(int token) => NativeMethods.llama_vocab_is_eog(_vocabulary, token);

    /// <summary>Appends the tokens of a text. Control tokens are recognised only where the text is the template's own: what a user writes cannot forge a turn.</summary>
    internal void Tokenize(string text, bool control, List<int> tokens)
    {
        for (int at = 0; at < text.Length;)
        {
            int end = PieceEnd(text, at);
            TokenizePiece(text.AsSpan(at, end - at), control, tokens);
            at = end;
        }
    }

    /// <summary>
    /// llama.cpp splits some vocabularies' text by a recursive regular expression, which overflows the stack on a long run of one kind of character: so long
    /// texts go piece by piece, cut before white space where there is any.
    /// </summary>
    private static int PieceEnd(string text, int start)
    {
        int end = start + LongestPiece;
        if (end >= text.Length)
            return text.Length;
        for (int i = end; i > start + (LongestPiece / 2); i--)
        {
            if (char.IsWhiteSpace(text[i]) && !char.IsWhiteSpace(text[i - 1]))
                return i;
        }
        return char.IsLowSurrogate(text[end]) ? end - 1 : end;
    }

    private void TokenizePiece(ReadOnlySpan<char> text, bool control, List<int> tokens)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text)];
        Encoding.UTF8.GetBytes(text, bytes);
        int[] buffer = ArrayPool<int>.Shared.Rent(bytes.Length + 8);
        try
        {
            int count;
            fixed (byte* source = bytes)
            fixed (int* target = buffer)
                count = NativeMethods.llama_tokenize(_vocabulary, source, bytes.Length, target, buffer.Length, addSpecial: false, control);
            if (count < 0)
                throw new InferenceException(InferenceError.Decode, "llama.cpp could not tokenize a text.");
            tokens.AddRange(buffer.AsSpan(0, count));
        }
        finally
        {
            ArrayPool<int>.Shared.Return(buffer, clearArray: true);
        }
    }

    /// <summary>Appends the bytes of a token; a token may hold part of a character.</summary>
    /// <param name="token">The token.</param>
    /// <param name="control">Whether a control token has a text too.</param>
    /// <param name="bytes">Receives them.</param>
    internal void AppendPiece(int token, bool control, List<byte> bytes)
    {
        Span<byte> buffer = stackalloc byte[256];
        int length;
        fixed (byte* target = buffer)
            length = NativeMethods.llama_token_to_piece(_vocabulary, token, target, buffer.Length, 0, control);
        if (length > 0)
            bytes.AddRange(buffer[..length]);
        else if (length < 0)
        {
            byte[] larger = new byte[-length];
            fixed (byte* target = larger)
                length = NativeMethods.llama_token_to_piece(_vocabulary, token, target, larger.Length, 0, control);
            bytes.AddRange(larger.AsSpan(0, Math.Max(0, length)));
        }
    }
}
