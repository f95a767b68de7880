using System.Globalization;
using System.Text;
using OnlineRlhf.Inference;

namespace OnlineRlhf.Daemon.Cli;

/// <summary>
/// The output of commands. After <see cref="Clean"/>, all text written to System.Console is cleaned. Text that must not be cleaned that way
/// is written here.
/// </summary>
internal static class Output
{
    private static TextWriter? _out,
        _error;

    /// <summary>Standard output without cleaning, for colours.</summary>
    internal static TextWriter Out => _out ?? Console.Out;

    /// <summary>Standard error without cleaning, for a line that replaces itself.</summary>
    internal static TextWriter Error => _error ?? Console.Error;

    /// <summary>Cleans all text that is written to System.Console from now on.</summary>
    internal static void Clean()
    {
        (_out, _error) = (Console.Out, Console.Error);
        Console.SetOut(new CleanWriter(_out));
        Console.SetError(new CleanWriter(_error));
    }

    /// <summary>Prints text of several lines.</summary>
    internal static void Text(string text) => Out.WriteLine(PlainText.Of(text));

    /// <summary>Prints JSON. Characters that could control a terminal are escaped, which leaves the values unchanged.</summary>
    internal static void Json(string json) => Out.WriteLine(Escape(json));

    internal static string Escape(string json)
    {
        StringBuilder escaped = new(json.Length);
        foreach (Rune rune in json.EnumerateRunes())
        {
            if (DrivesTerminals(rune))
            {
                foreach (char half in rune.ToString())
                    escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)half:x4}");
            }
            else
                escaped.Append(rune.ToString());
        }
        return escaped.ToString();
    }

    /// <summary>Line breaks and tabs do no harm, because JSON has them only between values.</summary>
    private static bool DrivesTerminals(Rune rune) =>
        rune.Value is not ('\n' or '\r' or '\t')
        && Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;
}
