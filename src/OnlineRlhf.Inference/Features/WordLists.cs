namespace OnlineRlhf.Inference.Features;

/// <summary>The word lists of one language: plain text files, embedded in the assembly, with one word or phrase on each line.</summary>
internal sealed class WordLists
{
    private WordLists(Func<string, WordList> list)
    {
        Common = list("common");
        Imperative = list("imperative");
        Warm = list("warm");
        Formal = list("formal");
        Hedges = list("hedges");
        Self = list("self");
        You = list("you");
        Stop = list("stop");
    }

    /// <summary>The lists of a language without word lists: all are empty.</summary>
    internal static WordLists None { get; } = new(_ => WordList.Empty);

    /// <summary>The English lists.</summary>
    internal static WordLists English { get; } = new(name => Read($"Words/en/{name}.txt"));

    /// <summary>About a hundred of the most common function words.</summary>
    internal WordList Common { get; }

    /// <summary>Verbs in the form that begins an instruction.</summary>
    internal WordList Imperative { get; }

    /// <summary>Words of a warm, friendly answer.</summary>
    internal WordList Warm { get; }

    /// <summary>Words of a formal answer.</summary>
    internal WordList Formal { get; }

    /// <summary>Words that soften a statement.</summary>
    internal WordList Hedges { get; }

    /// <summary>I and we, in all forms.</summary>
    internal WordList Self { get; }

    /// <summary>You, in all forms.</summary>
    internal WordList You { get; }

    /// <summary>Words that say nothing about the topic of a request.</summary>
    internal WordList Stop { get; }

    /// <summary>The lists of a language, or <see cref="None"/> if this assembly has none.</summary>
    /// <param name="language">A language tag. The part after the first hyphen is ignored ("en-GB" is English).</param>
    internal static WordLists For(string language)
    {
        ArgumentNullException.ThrowIfNull(language);
        string primary = language.Split('-', '_')[0];
        return string.Equals(primary, "en", StringComparison.OrdinalIgnoreCase) ? English : None;
    }

    /// <summary>The lists with their names, in a fixed order.</summary>
    internal IEnumerable<(string Name, WordList List)> All =>
        [
            ("common", Common),
            ("imperative", Imperative),
            ("warm", Warm),
            ("formal", Formal),
            ("hedges", Hedges),
            ("self", Self),
            ("you", You),
            ("stop", Stop),
        ];

    private static WordList Read(string name)
    {
        IReadOnlyList<string> lines =
            Resources.Lines(name) ?? throw new InvalidOperationException($"{name} is not embedded in this assembly: build it again.");
        return new WordList(lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'));
    }
}
