using System.Text;

namespace OnlineRlhf.Inference.Gguf;

/// <summary>Strings from a file that nobody has checked, made fit for one line of a message.</summary>
internal static class Printable
{
    private const int Longest = 64;

    /// <summary>The string in quotes, without control characters, cut after 64.</summary>
    public static string Quoted(string text) => $"\"{Line(text, Longest)}\"";

    /// <summary>The string without control characters, cut after so many.</summary>
    public static string Line(string text, int longest)
    {
        StringBuilder line = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (line.Length >= longest)
            {
                _ = line.Append('…');
                break;
            }
            _ = line.Append(Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 ? "?" : rune.ToString());
        }
        return line.ToString();
    }
}
