using System.Runtime.InteropServices;
using System.Text;
using LLama.Native;

namespace OnlineRlhf.Inference.Llama;

/// <summary>Converts text to the model's tokens and back.</summary>
internal sealed class Vocabulary(SafeLlamaModelHandle model)
{
    private const int LongestPiece = 4096;
    private readonly SafeLlamaModelHandle.Vocabulary _vocabulary = model.Vocab;

    internal int Count { get; } = model.Vocab.Count;

    /// <summary>The token that closes an answer; negative if the model has none.</summary>
    internal int EndOfTurn { get; } = (int)(model.Vocab.EOT ?? model.Vocab.EOS ?? LLamaToken.InvalidToken);

    /// <summary>The token that every text begins with; null if the model needs none.</summary>
    internal int? BeginningOfText { get; } = model.Vocab is { ShouldAddBOS: true, BOS: { } begin } ? (int)begin : null;

    internal bool IsEndOfGeneration(int token) => ((LLamaToken)token).IsEndOfGeneration(_vocabulary);

    /// <summary>
    /// Appends the tokens of a text. Control tokens are recognised only in the template's own text, so that a user's text cannot forge a turn.
    /// </summary>
    internal void Tokenize(string text, bool control, List<int> tokens)
    {
        foreach (string piece in Pieces(text))
            tokens.AddRange(MemoryMarshal.Cast<LLamaToken, int>(model.Tokenize(piece, addBos: false, special: control, Encoding.UTF8)));
    }

    /// <summary>How many tokens a user's text has. A text that has more than the limit is not counted to its end.</summary>
    internal int CountTokens(string text, int limit)
    {
        int count = 0;
        foreach (string piece in Pieces(text).TakeWhile(_ => count <= limit))
            count += model.Tokenize(piece, addBos: false, special: false, Encoding.UTF8).Length;
        return count;
    }

    private static IEnumerable<string> Pieces(string text)
    {
        for (int at = 0, end; at < text.Length; at = end)
        {
            end = PieceEnd(text, at);
            yield return text[at..end];
        }
    }

    /// <summary>
    /// Finds where to split a long text, preferably before white space. llama.cpp splits the text of some vocabularies with a recursive regular
    /// expression. A long run of characters of one kind overflows its stack, so long texts are tokenised in pieces.
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

    /// <summary>Appends the bytes of a token. A token may hold only part of a character.</summary>
    /// <param name="token">The token.</param>
    /// <param name="control">Whether control tokens give their text too.</param>
    /// <param name="bytes">Receives the bytes.</param>
    internal void AppendPiece(int token, bool control, List<byte> bytes)
    {
        Span<byte> buffer = stackalloc byte[256];
        int length = (int)model.TokenToSpan(token, buffer, special: control);
        if (length > buffer.Length)
            length = (int)model.TokenToSpan(token, buffer = new byte[length], special: control);
        bytes.AddRange(buffer[..length]);
    }
}
