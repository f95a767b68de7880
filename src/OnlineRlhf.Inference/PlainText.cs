using System.Globalization;
using System.Text;

namespace OnlineRlhf.Inference;

/// <summary>
/// Text that nobody has checked (an answer, a name from a file, what a server says), made fit for a terminal and a log: it moves no cursor, turns no
/// writing direction, hides nothing, and as a line it stays one line.
/// </summary>
public static class PlainText
{
    private const int MostMarks = 3;

    /// <summary>
    /// The text with its tabs and its line breaks, all of which become line feeds. Of every other control a question mark is left. What nobody can
    /// see is left out, except for the two joiners that words and emoji are written with; so are more than three marks on one character.
    /// </summary>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        StringBuilder plain = new(text.Length);
        // A mark at the start of a line would be drawn on what stands before it.
        int marks = MostMarks;
        // Half of a surrogate pair is enumerated as the replacement character.
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

    /// <summary>The same on one line, and without joiners: names that look alike are alike.</summary>
    public static string Line(string text)
    {
        StringBuilder line = new(Of(text));
        return line.Replace('\n', ' ').Replace('\t', ' ').Replace("\u200C", "").Replace("\u200D", "").ToString();
    }

    /// <summary>Format characters, among them those that turn the writing direction; letters without a shape; tags.</summary>
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

    /// <summary>What is drawn on the character before it: marks, and the later letters of a Hangul syllable.</summary>
    private static bool IsMark(Rune rune, UnicodeCategory category) =>
        category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark || rune.Value is >= 0x1160 and <= 0x11FF;
}
