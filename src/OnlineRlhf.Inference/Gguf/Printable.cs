namespace OnlineRlhf.Inference.Gguf;

/// <summary>Strings from a file that nobody has checked, made fit for one line of a message.</summary>
internal static class Printable
{
    private const int Longest = 64;

    /// <summary>The string in quotes, as plain text, cut after 64.</summary>
    public static string Quoted(string text) => $"\"{Line(text, Longest)}\"";

    /// <summary>The string as plain text, cut after so many.</summary>
    public static string Line(string text, int longest)
    {
        string line = PlainText.Line(text);
        if (line.Length <= longest)
            return line;
        // Both halves of a pair, or none.
        return line[..(char.IsHighSurrogate(line[longest - 1]) ? longest - 1 : longest)] + '…';
    }
}
