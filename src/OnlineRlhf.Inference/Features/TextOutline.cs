using System.Globalization;
using System.Text;

namespace OnlineRlhf.Inference.Features;

/// <summary>Reads a text once and finds its words in lower case, the starts of its sentences, and several counts. O(length).</summary>
/// <remarks>
/// A word is a run of letters and digits, with combining marks and inner apostrophes. A sentence ends at . ! ? … and their wide forms, or at a line
/// break; it counts only if it has a word. A full stop inside a word or number (3.5, example.org) does not end a sentence, and a comma inside a
/// number (1,000) is not counted. A list item is a line that begins with -, *, • or up to three digits and . or ), and then a space. Its marker
/// counts neither as a word nor as a run of digits.
/// </remarks>
internal sealed class TextOutline
{
    private readonly StringBuilder _buffer = new();
    private readonly List<int> _ends = [];
    private readonly List<int> _firsts = [];
    private readonly char[] _words;
    private bool _beginsSentence = true;

    public TextOutline(ReadOnlySpan<char> text)
    {
        bool beginsLine = true;
        for (int i = 0; i < text.Length; )
        {
            if (beginsLine && ListMarker(text[i..]) is var marker and > 0)
            {
                ListItems++;
                i += marker;
                beginsLine = false;
                continue;
            }
            _ = Rune.DecodeFromUtf16(text[i..], out Rune rune, out int length);
            beginsLine = IsLineBreak(rune.Value) || (beginsLine && Rune.IsWhiteSpace(rune));
            if (Rune.IsLetterOrDigit(rune))
            {
                i += ReadWord(text[i..]);
                EndsWithQuestion = false;
            }
            else
            {
                char before = i > 0 ? text[i - 1] : ' ',
                    after = i + length < text.Length ? text[i + length] : ' ';
                Mark(rune.Value, before, after);
                i += length;
            }
        }
        _words = new char[_buffer.Length];
        _buffer.CopyTo(0, _words, _words.Length);
    }

    public int WordCount => _ends.Count;

    /// <summary>The index of each sentence's first word.</summary>
    public IReadOnlyList<int> SentenceStarts => _firsts;

    /// <summary>How many letters and digits all words have, without marks and apostrophes.</summary>
    public int Letters { get; private set; }

    public int ListItems { get; private set; }

    public int Exclamations { get; private set; }

    public int Commas { get; private set; }

    public int DigitRuns { get; private set; }

    /// <summary>Whether the text ends with a question mark. Quotes, brackets, spaces and pictures may follow it.</summary>
    public bool EndsWithQuestion { get; private set; }

    /// <summary>A word in lower case.</summary>
    public ReadOnlySpan<char> Word(int index)
    {
        int start = index == 0 ? 0 : _ends[index - 1];
        return _words.AsSpan(start, _ends[index] - start);
    }

    private static bool IsLineBreak(int value) => value is '\n' or '\r' or 0x85 or 0x2028 or 0x2029;

    private static bool IsApostrophe(char value) => value is '\'' or '\u2019';

    private static int ListMarker(ReadOnlySpan<char> line)
    {
        int length = 0;
        if (line[0] is '-' or '*' or '•')
            length = 1;
        else
        {
            while (length < line.Length && length < 4 && char.IsAsciiDigit(line[length]))
                length++;
            length = length is > 0 and < 4 && length < line.Length && line[length] is '.' or ')' ? length + 1 : 0;
        }
        return length > 0 && length < line.Length && (line[length] is ' ' or '\t' or '\u00A0') ? length : 0;
    }

    private void Mark(int value, char before, char after)
    {
        switch (value)
        {
            case '.' when char.IsLetterOrDigit(before) && char.IsLetterOrDigit(after):
            case ',' when char.IsDigit(before) && char.IsDigit(after):
                break;
            case '.' or '…' or '。' or '．':
                _beginsSentence = true;
                EndsWithQuestion = false;
                break;
            case '!' or '！':
                Exclamations++;
                _beginsSentence = true;
                break;
            case '?' or '？' or '؟':
                EndsWithQuestion = true;
                _beginsSentence = true;
                break;
            case ',' or '，' or '、' or '،':
                Commas++;
                break;
            default:
                _beginsSentence |= IsLineBreak(value);
                break;
        }
    }

    private int ReadWord(ReadOnlySpan<char> text)
    {
        if (_beginsSentence)
            _firsts.Add(_ends.Count);
        _beginsSentence = false;

        bool afterDigit = false;
        int i = 0;
        Span<char> units = stackalloc char[2];
        while (i < text.Length)
        {
            _ = Rune.DecodeFromUtf16(text[i..], out Rune rune, out int length);
            if (Rune.IsLetterOrDigit(rune))
            {
                bool digit = Rune.IsDigit(rune);
                DigitRuns += digit && !afterDigit ? 1 : 0;
                afterDigit = digit;
                Letters++;
                _ = _buffer.Append(units[..Rune.ToLowerInvariant(rune).EncodeToUtf16(units)]);
            }
            else if (IsMark(rune))
                _ = _buffer.Append(text.Slice(i, length));
            else if (IsApostrophe(text[i]) && i + 1 < text.Length && char.IsLetterOrDigit(text[i + 1]))
            {
                _ = _buffer.Append('\'');
                afterDigit = false;
            }
            else
                break;
            i += length;
        }
        _ends.Add(_buffer.Length);
        return i;
    }

    private static bool IsMark(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
}
