using System.Globalization;
using System.Text;

namespace OnlineRlhf.Inference;

/// <summary>
/// Makes unchecked text safe for a terminal and a log, such as an answer, a name from a file, or a server's message. The result moves no cursor, does
/// not change the direction of writing, and hides nothing. As a line, it stays on one line.
/// </summary>
public static class PlainText
{
    private const int MostMarks = 3;

    /// <summary>
    /// The text with its tabs and line breaks; all line breaks become line feeds. Every other control character becomes a question mark. Invisible
    /// characters are dropped, except for the two joiners that words and emoji need. More than three marks on one character are dropped too.
    /// </summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        StringBuilder plain = new(text.Length);
        // Drop marks at the start of a line: a terminal would draw them on the character before it.
        int marks = MostMarks;
        // EnumerateRunes turns half of a surrogate pair into the replacement character.
        foreach (Rune rune in text.ReplaceLineEndings("\n").EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            if (rune.Value is '\n' or '\t')
                marks = MostMarks;
            else if (IsUnseen(rune, category) || (IsMark(rune, category) && marks++ >= MostMarks))
                continue;
            else if (!IsMark(rune, category))
                marks = 0;
            plain.Append(category == UnicodeCategory.Control && rune.Value is not ('\n' or '\t') ? "?" : rune.ToString());
        }
        return plain.ToString();
    }

    /// <summary>The same on one line and without joiners, so that names that look alike are equal.</summary>
    public static string Line(string text)
    {
        StringBuilder line = new(Of(text));
        return line.Replace('\n', ' ').Replace('\t', ' ').Replace("\u200C", "").Replace("\u200D", "").ToString();
    }

    /// <summary>
    /// Whether a character is invisible: format characters, such as those that change the direction of writing, letters without a shape, and tags.
    /// </summary>
    private static bool IsUnseen(Rune rune, UnicodeCategory category) =>
        (category == UnicodeCategory.Format && rune.Value is not (0x200C or 0x200D))
        || rune.Value
            is 0x034F
                or 0x115F
                or 0x1160
                or 0x17B4
                or 0x17B5
                or (>= 0x180B and <= 0x180F)
                or 0x3164
                or 0xFFA0
                or (>= 0xE0000 and <= 0xE0FFF);

    /// <summary>Whether a character is drawn on the one before it: marks, and the later letters of a Hangul syllable.</summary>
    private static bool IsMark(Rune rune, UnicodeCategory category) =>
        category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark || rune.Value is >= 0x1160 and <= 0x11FF;
}
