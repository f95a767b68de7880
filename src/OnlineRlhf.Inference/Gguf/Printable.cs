namespace OnlineRlhf.Inference.Gguf;

/// <summary>Prepares unchecked strings from a file for one line of a message.</summary>
internal static class Printable
{
    private const int Longest = 64;

    /// <summary>The string in quotes as plain text, cut after 64 characters.</summary>
    public static string Quoted(string text) => $"\"{Line(text, Longest)}\"";

    /// <summary>The string as plain text, cut after the given number of characters.</summary>
    public static string Line(string text, int longest)
    {
        string line = PlainText.Line(text);
        if (line.Length <= longest)
            return line;
        // Do not cut a surrogate pair in two.
        return line[..(char.IsHighSurrogate(line[longest - 1]) ? longest - 1 : longest)] + '…';
    }
}
