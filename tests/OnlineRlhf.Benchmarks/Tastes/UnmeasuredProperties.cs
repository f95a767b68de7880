namespace OnlineRlhf.Benchmarks.Tastes;

/// <summary>
/// Properties of an answer's text that no statistic of the feature map measures: what people may like beyond what the map was made for.
/// </summary>
internal static class UnmeasuredProperties
{
    private static readonly char[] Space = [' ', '\n', '\t', '\r'];
    private static readonly string[] Negations = ["not", "no", "never", "don't", "doesn't", "can't", "won't", "isn't"];
    private static readonly string[] Reasons = ["because", "since", "so", "therefore", "thus"];
    private static readonly string[] Times = ["first", "then", "next", "finally", "before", "after", "while", "until"];

    /// <summary>Each by name: a function of the answer. Shares and rates, so that none is merely the length again.</summary>
    internal static IReadOnlyList<(string Name, Func<string, double> Value)> All { get; } =
    [
        ("quotes", a => Marks(a, '"', '“', '”')),
        ("colons", a => Marks(a, ':')),
        ("semicolons", a => Marks(a, ';')),
        ("parentheses", a => Marks(a, '(')),
        ("hyphens and dashes", a => Marks(a, '-', '–', '—')),
        ("apostrophes", a => Marks(a, '\'', '’')),
        ("asterisks", a => Marks(a, '*')),
        ("slashes", a => Marks(a, '/')),
        ("digit at the start", a => char.IsDigit(a.FirstOrDefault()) ? 1 : 0),
        ("capitals inside", a => Share(a, w => char.IsUpper(w[0])) - ((double)Sentences(a) / Math.Max(1, Words(a).Length))),
        ("past tense", a => Share(a, w => w.EndsWith("ed", StringComparison.Ordinal))),
        ("progressive", a => Share(a, w => w.EndsWith("ing", StringComparison.Ordinal))),
        ("adverbs", a => Share(a, w => w.EndsWith("ly", StringComparison.Ordinal))),
        ("plurals", a => Share(a, w => w.Length > 3 && w.EndsWith('s') && !w.EndsWith("ss", StringComparison.Ordinal))),
        ("nouns on -tion", a => Share(a, w => w.Contains("tion", StringComparison.Ordinal))),
        ("negations", a => Share(a, w => Negations.Contains(w))),
        ("reasons", a => Share(a, w => Reasons.Contains(w))),
        ("order in time", a => Share(a, w => Times.Contains(w))),
        ("and", a => Share(a, w => w is "and")),
        ("new words", a => (double)Words(a).Distinct(StringComparer.OrdinalIgnoreCase).Count() / Math.Max(1, Words(a).Length)),
        ("paragraphs", a => Math.Min(4, a.Split("\n\n").Length)),
    ];

    private static double Marks(string answer, params ReadOnlySpan<char> marks)
    {
        int count = 0;
        foreach (char c in answer)
            count += marks.Contains(c) ? 1 : 0;
        return 100.0 * count / Math.Max(20, answer.Length);
    }

    private static double Share(string answer, Func<string, bool> counts)
    {
        string[] words = Words(answer);
        return (double)words.Count(w => counts(w) || counts(w.TrimEnd('.', ',', '!', '?', ':'))) / Math.Max(5, words.Length);
    }

    private static string[] Words(string answer) => answer.Split(Space, StringSplitOptions.RemoveEmptyEntries);

    private static int Sentences(string answer) => answer.Count(c => c is '.' or '!' or '?' or '\n');
}
