namespace OnlineRlhf.Rounds.Conversations;

/// <summary>How people of one language say a wish about manner.</summary>
/// <param name="Courtesy">Words that may stand before or behind a wish.</param>
/// <param name="Wishes">The wishes, without these words.</param>
internal sealed record WishWords(string[] Courtesy, IReadOnlyDictionary<string, Wish> Wishes)
{
    private static readonly Wish Shorter = new(["length", "tokens"], -1, "Answer in one short sentence."),
        Longer = new(["length", "tokens"], 1, "Explain step by step with details."),
        List = new(["list"], 1, "Answer as a bulleted list."),
        Prose = new(["list"], -1, "Answer in plain sentences, without a list."),
        Steps = new(["list"], 1, "Give a numbered list of steps."),
        Simpler = new(["long words"], -1, "Use simple words."),
        Friendlier = new(["warm words"], 1, "Be warm and friendly."),
        Formal = new(["formal words"], 1, "Use a formal tone."),
        Casual = new(["formal words"], -1, "Use a casual tone.");

    /// <summary>The languages. A word never means different wishes in two of them.</summary>
    internal static IReadOnlyList<WishWords> All { get; } =
    [
        new(
            [
                "please",
                "a bit",
                "a little",
                "much",
                "now",
                "thanks",
                "thank you",
                "and",
                "but",
                "make it",
                "can you make it",
                "could you make it",
                "again",
            ],
            Table(
                (Shorter, "shorter|short|briefer|brief|be brief|more concise|concise|too long|keep it short|in short|less text"),
                (Longer, "longer|more detail|more details|in more detail|more detailed|with more detail|with more details|too short"),
                (List, "as a list|as list|a list|as bullet points|in bullet points|bullet points|as bullets|as a bulleted list|as a bullet list"),
                (Prose, "no list|not a list|not as a list|without a list|without lists|as prose|in prose|no bullet points|without bullet points"),
                (Steps, "step by step|in steps|as steps|as numbered steps|as a numbered list"),
                (Simpler, "simpler|simple|in simple words|in simpler words|simple words|simpler words|easier|in plain words|in plain english"),
                (Friendlier, "friendlier|more friendly|warmer|nicer|kinder"),
                (Formal, "more formal|formal|formally|more formally"),
                (Casual, "less formal|more casual|casual|informal|more informal")
            )
        ),
        new(
            [
                "bitte",
                "etwas",
                "ein bisschen",
                "ein wenig",
                "viel",
                "jetzt",
                "danke",
                "und",
                "aber",
                "mach es",
                "mach das",
                "kannst du es",
                "noch",
                "nochmal",
            ],
            Table(
                (Shorter, "kürzer|kurz|knapper|fass dich kurz|zu lang|in kurz"),
                (Longer, "länger|ausführlicher|mehr details|mit mehr details|detaillierter|zu kurz"),
                (List, "als liste|als aufzählung|in stichpunkten|stichpunkte|als stichpunkte"),
                (Prose, "keine liste|nicht als liste|ohne liste|als fließtext|ohne aufzählung"),
                (Steps, "schritt für schritt|in schritten|als schritte|als nummerierte liste"),
                (Simpler, "einfacher|in einfachen worten|einfache worte|mit einfachen worten|leichter verständlich"),
                (Friendlier, "freundlicher|netter|herzlicher|wärmer"),
                (Formal, "formeller|förmlicher|förmlich|formell"),
                (Casual, "lockerer|weniger förmlich|weniger formell|informeller|locker")
            )
        ),
    ];

    /// <summary>A message without the words of courtesy at its beginning and end.</summary>
    internal string WithoutCourtesy(string words)
    {
        for (string before = ""; before != words; )
        {
            before = words;
            foreach (string word in Courtesy)
            {
                if (words.StartsWith(word + " ", StringComparison.Ordinal))
                    words = words[(word.Length + 1)..];
                if (words.EndsWith(" " + word, StringComparison.Ordinal))
                    words = words[..^(word.Length + 1)];
            }
        }
        return words;
    }

    private static Dictionary<string, Wish> Table(params (Wish Wish, string Phrases)[] rows) =>
        rows.SelectMany(row => row.Phrases.Split('|'), (row, phrase) => (phrase, row.Wish)).ToDictionary();
}
