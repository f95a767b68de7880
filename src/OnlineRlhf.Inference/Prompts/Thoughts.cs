using System.Text;

namespace OnlineRlhf.Inference.Prompts;

/// <summary>Separates the thoughts of a reasoning model from its answer.</summary>
public static class Thoughts
{
    /// <summary>
    /// Removes the thoughts at the beginning of a text. Returns the text itself if there are none, and an empty text if nothing follows them.
    /// </summary>
    /// <remarks>A marker in the middle of an answer may be text that explains it: see <see cref="ThoughtFormat.EndsThoughts"/>.</remarks>
    public static string Drop(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string rest = text;
        while (AfterFirst(rest) is { } after)
            rest = after;
        return rest;
    }

    /// <summary>The text after the first block of thoughts; null if the text does not begin with one.</summary>
    private static string? AfterFirst(string text)
    {
        string start = text.TrimStart();
        foreach (ThoughtFormat format in ThoughtFormat.All)
        {
            if (start.StartsWith(format.Open, StringComparison.Ordinal))
                return After(start, start.IndexOf(format.Close, format.Open.Length, StringComparison.Ordinal), format);
            // The prompts of some models open the block, so that only its end is in the text.
            int open = start.IndexOf(format.Open, StringComparison.Ordinal);
            for (int close = Next(0); close >= 0 && (open < 0 || close < open); close = Next(close + 1))
            {
                if (ThoughtFormat.EndsThoughts(Last(start.AsSpan(0, close)), First(start.AsSpan(close + format.Close.Length))))
                    return After(start, close, format);
            }

            int Next(int from) => start.IndexOf(format.Close, from, StringComparison.Ordinal);
        }
        return null;
    }

    /// <summary>The answer after the thoughts, without the marks that some models put around it.</summary>
    private static string After(string text, int close, ThoughtFormat format)
    {
        if (close < 0)
            return "";
        string answer = text[(close + format.Close.Length)..].TrimStart();
        if (format.AnswerOpen.Length > 0 && answer.StartsWith(format.AnswerOpen, StringComparison.Ordinal))
            answer = answer[format.AnswerOpen.Length..].TrimStart();
        string? end = format.AnswerEnds.FirstOrDefault(e => answer.TrimEnd().EndsWith(e, StringComparison.Ordinal));
        return end is null ? answer : answer.TrimEnd()[..^end.Length];
    }

    private static Rune? Last(ReadOnlySpan<char> text)
    {
        _ = Rune.DecodeLastFromUtf16(text, out Rune last, out int length);
        return length == 0 ? null : last;
    }

    private static Rune? First(ReadOnlySpan<char> text)
    {
        _ = Rune.DecodeFromUtf16(text, out Rune first, out int length);
        return length == 0 ? null : first;
    }
}
