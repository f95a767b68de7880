using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace OnlineRlhf.Inference.Features;

/// <summary>
/// Sixteen cheap, readable properties of an answer, the named part of φ(x,a). Each is centred, divided by its usual spread and clipped at ±4.
/// </summary>
/// <remarks>
/// <para>
/// Spreads are about the deviation within the candidates of one request; centres are typical values. Rates are per 100 words. Centres and spreads
/// are measured on small models' answers of about 60 words to everyday requests, and are fixed. A change makes another feature map, with another
/// <see cref="Fingerprint"/>.
/// </para>
/// <para>
/// Rates and means over words say little in a short answer, because one word more or less moves them by their whole spread. So their deviation from
/// the centre is multiplied by 2 words/(words + 60), which is 1 at 60 words. Otherwise the noise of a model with short answers drowns the other
/// statistics and the hidden states.
/// </para>
/// <para>
/// Without word lists for a language, the statistics that need them are 0. The overlap then treats words of three letters or more as content words.
/// </para>
/// <para>
/// O(length of request + answer) time and memory. The values are the same on every machine and in every culture, and finite for every string.
/// Safe to share between threads.
/// </para>
/// </remarks>
public sealed class TextStatistics
{
    /// <summary>How many statistics there are.</summary>
    public const int Count = 16;

    /// <summary>Standardised values are clipped at plus and minus this.</summary>
    public const float Limit = 4;

    private const string Revision = "text statistics 2";
    private const int MostExclamations = 3,
        MostDigitRuns = 8,
        PrefixLetters = 4,
        ShortestContentWord = 3,
        UsualWords = 60;

    /// <summary>What a statistic depends on.</summary>
    [Flags]
    private enum Needs
    {
        Nothing = 0,

        /// <summary>The statistic is a mean over the answer's words or sentences, or a rate. It says little if there are few of them.</summary>
        ManyWords = 1,

        /// <summary>The statistic counts words from a word list of the language.</summary>
        WordLists = 2,
    }

    private static readonly (string Name, float Centre, float Spread, Needs Needs)[] Table =
    [
        ("length", 3.2f, .25f, Needs.Nothing),
        ("list", .2f, .25f, Needs.Nothing),
        ("question at the end", .2f, .25f, Needs.Nothing),
        ("exclamation marks", .3f, .4f, Needs.Nothing),
        ("long sentences", 2.2f, .32f, Needs.Nothing),
        ("long words", 4.2f, .48f, Needs.ManyWords),
        ("common words", .45f, .069f, Needs.WordLists | Needs.ManyWords),
        ("instructions", .15f, .1f, Needs.WordLists | Needs.ManyWords),
        ("numbers", .5f, 1.1f, Needs.Nothing),
        ("warm words", .8f, .98f, Needs.WordLists | Needs.ManyWords),
        ("formal words", .8f, 1.33f, Needs.WordLists | Needs.ManyWords),
        ("hedges", 1f, 1.64f, Needs.WordLists | Needs.ManyWords),
        ("I and we", 2f, 1.45f, Needs.WordLists | Needs.ManyWords),
        ("you", 2.5f, 2.33f, Needs.WordLists | Needs.ManyWords),
        ("commas", 4.5f, 3.9f, Needs.ManyWords),
        ("on topic", .35f, .22f, Needs.Nothing),
    ];

    private static readonly TextStatistics English = new(WordLists.English),
        Neutral = new(WordLists.None);

    private readonly WordLists _lists;

    private TextStatistics(WordLists lists)
    {
        _lists = lists;
        Fingerprint = FingerprintOf(lists);
    }

    /// <summary>The name of each statistic for people, in the order of the entries.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Table.Select(row => row.Name)];

    /// <summary>For each statistic, the value that becomes 0.</summary>
    public static IReadOnlyList<float> Centres { get; } = [.. Table.Select(row => row.Centre)];

    /// <summary>For each statistic, the difference that becomes 1.</summary>
    public static IReadOnlyList<float> Spreads { get; } = [.. Table.Select(row => row.Spread)];

    /// <summary>32 hexadecimal digits that change with the lists, the centres, the spreads and the way of counting.</summary>
    public string Fingerprint { get; }

    /// <summary>The statistics of a language.</summary>
    /// <param name="language">A language tag. The part after the first hyphen is ignored ("en-GB" is English).</param>
    public static TextStatistics For(string language) => ReferenceEquals(WordLists.For(language), WordLists.English) ? English : Neutral;

    /// <summary>Computes the standardised statistics: (value − centre) / spread, clipped at ±4.</summary>
    /// <param name="request">The text of the request; only the overlap uses it.</param>
    /// <param name="answer">The text of the answer.</param>
    /// <param name="destination">Receives <see cref="Count"/> values; further places stay unchanged.</param>
    /// <exception cref="ArgumentException">The destination is shorter than <see cref="Count"/>.</exception>
    public void Compute(ReadOnlySpan<char> request, ReadOnlySpan<char> answer, Span<float> destination)
    {
        float words = Measure(request, answer, destination),
            evidence = 2 * words / (words + UsualWords);
        bool hasLists = !ReferenceEquals(_lists, WordLists.None);
        for (int i = 0; i < Count; i++)
        {
            float deviation = (destination[i] - Table[i].Centre) / Table[i].Spread;
            destination[i] =
                Has(i, Needs.WordLists) && !hasLists ? 0 : Math.Clamp(Has(i, Needs.ManyWords) ? deviation * evidence : deviation, -Limit, Limit);
        }
    }

    /// <summary>Computes the statistics before they are centred, to show them and for tests.</summary>
    /// <param name="request">The text of the request; only the overlap uses it.</param>
    /// <param name="answer">The text of the answer.</param>
    /// <param name="destination">Receives <see cref="Count"/> values; further places stay unchanged.</param>
    /// <returns>The number of the answer's words, at least 1.</returns>
    /// <exception cref="ArgumentException">The destination is shorter than <see cref="Count"/>.</exception>
    public float Measure(ReadOnlySpan<char> request, ReadOnlySpan<char> answer, Span<float> destination)
    {
        if (destination.Length < Count)
            throw new ArgumentException($"{Count} statistics do not fit into {destination.Length} places.", nameof(destination));

        TextOutline text = new(answer);
        float words = Math.Max(1, text.WordCount),
            sentences = Math.Max(1, text.SentenceStarts.Count),
            hundreds = words / 100;
        destination[0] = MathF.Log(1 + text.WordCount);
        destination[1] = text.ListItems >= 2 ? 1 : 0;
        destination[2] = text.EndsWithQuestion ? 1 : 0;
        destination[3] = Math.Min(text.Exclamations, MostExclamations);
        destination[4] = MathF.Log(words / sentences);
        destination[5] = text.Letters / words;
        destination[6] = _lists.Common.CountIn(text) / words;
        destination[7] = text.SentenceStarts.Count(first => BeginsInstruction(text, first)) / sentences;
        destination[8] = Math.Min(text.DigitRuns, MostDigitRuns);
        destination[9] = _lists.Warm.CountIn(text) / hundreds;
        destination[10] = _lists.Formal.CountIn(text) / hundreds;
        destination[11] = _lists.Hedges.CountIn(text) / hundreds;
        destination[12] = _lists.Self.CountIn(text) / hundreds;
        destination[13] = _lists.You.CountIn(text) / hundreds;
        destination[14] = text.Commas / hundreds;
        destination[15] = Overlap(new TextOutline(request), text);
        return words;
    }

    private static bool Has(int entry, Needs need) => (Table[entry].Needs & need) != 0;

    private bool BeginsInstruction(TextOutline text, int first)
    {
        if (text.Word(first) is "please" && first + 1 < text.WordCount)
            first++;
        return _lists.Imperative.Contains(text.Word(first));
    }

    /// <summary>
    /// The share of the request's content words that the answer uses too; 0 if the request has none. Words with the same first four letters count as
    /// the same word.
    /// </summary>
    private float Overlap(TextOutline request, TextOutline answer)
    {
        HashSet<string> wanted = ContentPrefixes(request);
        int all = wanted.Count;
        if (all == 0)
            return 0;
        wanted.ExceptWith(ContentPrefixes(answer));
        return (all - wanted.Count) / (float)all;
    }

    private HashSet<string> ContentPrefixes(TextOutline text)
    {
        HashSet<string> prefixes = new(StringComparer.Ordinal);
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup = prefixes.GetAlternateLookup<ReadOnlySpan<char>>();
        for (int i = 0; i < text.WordCount; i++)
        {
            ReadOnlySpan<char> word = text.Word(i);
            if (word.Length >= ShortestContentWord && !_lists.Stop.Contains(word))
                _ = lookup.Add(word[..Math.Min(PrefixLetters, word.Length)]);
        }
        return prefixes;
    }

    private static string FingerprintOf(WordLists lists)
    {
        XxHash128 hash = new();
        Add(FormattableString.Invariant($"{Revision} {Limit} {MostExclamations} {MostDigitRuns} {PrefixLetters} {ShortestContentWord} {UsualWords}"));
        Span<byte> bits = stackalloc byte[8];
        foreach ((string name, float centre, float spread, _) in Table)
        {
            Add(name);
            BinaryPrimitives.WriteSingleLittleEndian(bits, centre);
            BinaryPrimitives.WriteSingleLittleEndian(bits[4..], spread);
            hash.Append(bits);
        }
        foreach ((string name, WordList list) in lists.All)
        {
            Add(name);
            foreach (string entry in list.Entries)
                Add(entry);
        }
        return Convert.ToHexStringLower(hash.GetCurrentHash());

        void Add(string text) => hash.Append(Encoding.UTF8.GetBytes(text + "\n"));
    }
}
