using System.Buffers;
using System.Text;

namespace OnlineRlhf.DataSets;

/// <summary>Recognises from its bytes that a file is not in UTF-8.</summary>
/// <remarks>A UTF-8 file with a few damaged places is still UTF-8: its other lines can be read.</remarks>
internal sealed class TextEncoding
{
    private const int Many = 20;
    private bool _isUtf8,
        _hasSigns;
    private long _letters,
        _others;

    /// <summary>Checks a piece of the file. Characters that the ends of the piece cut in two are ignored.</summary>
    internal void Add(ReadOnlySpan<byte> piece)
    {
        int at = 0;
        while (!_isUtf8 && piece[at..].IndexOfAnyExceptInRange((byte)0, (byte)0x7F) is >= 0 and var next)
        {
            at += next;
            OperationStatus status = Rune.DecodeFromUtf8(piece[at..], out _, out int length);
            bool isCut = status == OperationStatus.NeedMoreData || at == 0 || at + length == piece.Length;
            if (status == OperationStatus.Done)
                _isUtf8 = true;
            else if (!isCut && length == 1 && piece[at - 1] < 0x80 && piece[at + 1] < 0x80)
                (_letters, _hasSigns) = (_letters + 1, _hasSigns || piece[at] < 0xA0);
            else if (!isCut)
                _others++;
            at += length;
        }
    }

    /// <summary>The encoding of the file and what to do; null if it is UTF-8.</summary>
    /// <param name="file">The path, quoted for a shell.</param>
    internal string? Describe(string file)
    {
        // Single bytes among ASCII characters are accented letters in western languages.
        string? encoding =
            _isUtf8 ? null
            : _letters > _others
                ? _hasSigns ? "WINDOWS-1252"
                    : "ISO-8859-1"
            : _others > Many ? ""
            : null;
        return encoding switch
        {
            null => null,
            "" => $"in another encoding than UTF-8: file -i {file} may tell which; convert it with iconv -f ENCODING -t UTF-8 {file} > utf8.jsonl",
            _ => $"in {encoding}, and not in UTF-8: convert it with iconv -f {encoding} -t UTF-8 {file} > utf8.jsonl",
        };
    }
}
