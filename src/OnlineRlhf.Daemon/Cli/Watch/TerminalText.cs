using System.Globalization;
using System.Text;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Daemon.Cli.Watch;

/// <summary>Makes unchecked text safe for a terminal: it cannot move the cursor, and its width is known.</summary>
internal static class TerminalText
{
    /// <summary>
    /// Plain text of known width. It leaves out characters that join others or change their look, because terminals disagree about their width.
    /// </summary>
    internal static string Neutral(string text)
    {
        StringBuilder neutral = new(text.Length);
        foreach (Rune rune in PlainText.Of(text).EnumerateRunes())
        {
            if (rune.Value is 0x200C or 0x200D or (>= 0xFE00 and <= 0xFE0F) or (>= 0x1F3FB and <= 0x1F3FF))
                continue;
            bool isUnknown = Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse;
            neutral.Append(
                rune.Value == '\t' ? " "
                : isUnknown ? "?"
                : rune.ToString()
            );
        }
        return neutral.ToString();
    }

    /// <summary>The same text on one line.</summary>
    internal static string Line(string text) => string.Join(' ', Neutral(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    /// <summary>Wraps neutral text into lines of at most a number of cells, between words if possible.</summary>
    internal static List<string> Wrap(string neutral, int width)
    {
        List<string> lines = [];
        foreach (string paragraph in neutral.TrimEnd().Split('\n'))
        {
            StringBuilder line = new();
            int used = 0;
            bool begun = false;
            foreach (string word in paragraph.TrimEnd().Split(' '))
            {
                int needed = CellWidth.Of(word),
                    space = begun ? 1 : 0;
                if (used + space + needed > width && used > 0)
                {
                    // Spaces at the end of a line are not carried to the next.
                    if (word.Length == 0)
                        continue;
                    lines.Add(line.ToString());
                    line.Clear();
                    used = space = 0;
                }
                if (space > 0)
                    line.Append(' ');
                used += space;
                begun = true;
                foreach (Rune rune in word.EnumerateRunes())
                {
                    int cells = CellWidth.Of(rune);
                    if (used + cells > width && used > 0)
                    {
                        lines.Add(line.ToString());
                        line.Clear();
                        used = 0;
                    }
                    if (cells > width)
                        continue;
                    line.Append(rune.ToString());
                    used += cells;
                }
            }
            lines.Add(line.ToString());
        }
        return lines;
    }

    /// <summary>Cuts a line of neutral text to a number of cells. A mark shows that it was cut.</summary>
    internal static string Cut(string line, int width, string mark)
    {
        if (CellWidth.Of(line) <= width)
            return line;
        return mark.Length > width ? Start(line, width) : Start(line, width - mark.Length) + mark;
    }

    /// <summary>Cuts the line, or fills it with spaces, to exactly a number of cells.</summary>
    internal static string Fill(string line, int width, string mark)
    {
        string cut = Cut(line, width, mark);
        return cut + new string(' ', width - CellWidth.Of(cut));
    }

    /// <summary>Adds a mark at the end of a line, which shows that more would follow.</summary>
    internal static string WithMark(string line, int width, string mark) =>
        width <= mark.Length ? Cut(mark, width, "") : $"{Start(line, width - mark.Length - 1).TrimEnd()} {mark}";

    private static string Start(string line, int cells)
    {
        StringBuilder start = new();
        foreach (Rune rune in line.EnumerateRunes())
        {
            cells -= CellWidth.Of(rune);
            if (cells < 0)
                break;
            start.Append(rune.ToString());
        }
        return start.ToString();
    }
}
