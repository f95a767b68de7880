namespace OnlineRlhf.Inference.Features;

/// <summary>Words and phrases of one kind. They match words in lower case with the straight apostrophe.</summary>
/// <remarks>
/// A phrase counts once, and takes precedence over shorter entries that begin at the same word. One look-up costs O(length of the longest phrase).
/// </remarks>
internal sealed class WordList
{
    private static readonly string[][] None = [];
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _words;
    private readonly Dictionary<string, string[][]>.AlternateLookup<ReadOnlySpan<char>> _phrases;

    /// <summary>Creates a list. The words of a phrase are separated by one space.</summary>
    /// <param name="entries">Lower-case words and phrases.</param>
    internal WordList(IEnumerable<string> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Entries = [.. entries];
        _words = Entries.Where(entry => !entry.Contains(' ')).ToHashSet(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        _phrases = Entries
            .Where(entry => entry.Contains(' '))
            .Select(entry => entry.Split(' '))
            .GroupBy(words => words[0], StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.OrderByDescending(words => words.Length).ToArray(), StringComparer.Ordinal)
            .GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>An empty list, which matches nothing.</summary>
    internal static WordList Empty { get; } = new([]);

    /// <summary>The words and phrases, in the order of the file.</summary>
    internal IReadOnlyList<string> Entries { get; }

    /// <summary>Whether the list has this single word.</summary>
    /// <param name="word">A lower-case word.</param>
    internal bool Contains(ReadOnlySpan<char> word) => _words.Contains(word);

    /// <summary>How many words the longest entry covers that matches the text at this word; 0 if none matches.</summary>
    internal int MatchAt(TextOutline text, int index)
    {
        ReadOnlySpan<char> first = text.Word(index);
        foreach (string[] phrase in _phrases.TryGetValue(first, out string[][]? phrases) ? phrases : None)
            if (IsAt(text, index, phrase))
                return phrase.Length;
        return Contains(first) ? 1 : 0;
    }

    /// <summary>How often entries occur in the text, without overlaps. O(words).</summary>
    internal int CountIn(TextOutline text)
    {
        int count = 0;
        if (Entries.Count == 0)
            return count;
        for (int i = 0; i < text.WordCount; )
        {
            int matched = MatchAt(text, i);
            count += matched > 0 ? 1 : 0;
            i += Math.Max(1, matched);
        }
        return count;
    }

    private static bool IsAt(TextOutline text, int index, string[] phrase)
    {
        if (index + phrase.Length > text.WordCount)
            return false;
        for (int i = 1; i < phrase.Length; i++)
            if (!text.Word(index + i).SequenceEqual(phrase[i]))
                return false;
        return true;
    }
}
