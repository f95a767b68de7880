using System.Diagnostics;
using CsCheck;
using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Inference.Tests.Features;

/// <summary>What each statistic counts, by example, and what holds for every text.</summary>
public sealed class TextStatisticsTests
{
    private const int Length = 0,
        List = 1,
        Question = 2,
        Exclamations = 3,
        SentenceLength = 4,
        WordLength = 5,
        Common = 6,
        Instructions = 7,
        Numbers = 8,
        Warm = 9,
        Formal = 10,
        Hedges = 11,
        Self = 12,
        You = 13,
        Commas = 14,
        OnTopic = 15;

    private static readonly string[] Parts =
    [
        "I",
        "you",
        "please",
        "of",
        "course",
        " ",
        ".",
        "\n",
        "- ",
        "1. ",
        "?",
        "!",
        ",",
        "'",
        "’",
        "7",
        "\u0301",
        "\ud800",
        "\udc00",
        "😊",
        "\0",
        "好",
    ];

    private static readonly TextStatistics English = TextStatistics.For("en");

    [Fact]
    public void There_are_sixteen_with_different_names_and_usable_constants()
    {
        Assert.Equal(16, TextStatistics.Count);
        Assert.Equal(16, TextStatistics.Names.Distinct().Count());
        Assert.Equal(16, TextStatistics.Centres.Count);
        Assert.Equal([.25f, .25f, .25f, .4f, .32f, .48f, .069f, .1f, 1.1f, .98f, 1.33f, 1.64f, 1.45f, 2.33f, 3.9f, .22f], TextStatistics.Spreads);
    }

    [Theory]
    // Words are runs of letters and digits, apostrophes inside included.
    [InlineData("", Length, 0)]
    [InlineData("One two three.", Length, 1.3862944)]
    [InlineData("Don't stop", Length, 1.0986123)]
    [InlineData("Don’t stop", Length, 1.0986123)]
    [InlineData("well-known 'quoted' words", Length, 1.6094379)]
    [InlineData("Ça va, naïve Größe?", Length, 1.6094379)]
    [InlineData("- one\n- two", Length, 1.0986123)]
    // Two items or more are a list, whatever their markers.
    [InlineData("- one\n- two", List, 1)]
    [InlineData("Here:\n* one\n* two", List, 1)]
    [InlineData("  • one\n  • two", List, 1)]
    [InlineData("1. one\r\n2. two", List, 1)]
    [InlineData("1) one\n2) two\n3) three", List, 1)]
    [InlineData("- only one", List, 0)]
    [InlineData("**bold**\n**again**", List, 0)]
    [InlineData("1.5 litres\n2.5 litres", List, 0)]
    [InlineData("2024. was\n2025. is", List, 0)]
    [InlineData("One - two - three", List, 0)]
    // A question at the end, whatever closes after it.
    [InlineData("Shall I?", Question, 1)]
    [InlineData("He asked: \"Shall I?\"  \n", Question, 1)]
    [InlineData("**Shall I?** 🙂", Question, 1)]
    [InlineData("Really?!", Question, 1)]
    [InlineData("本当ですか？", Question, 1)]
    [InlineData("What? Yes.", Question, 0)]
    [InlineData("What? Yes", Question, 0)]
    [InlineData("", Question, 0)]
    // Exclamation marks, three at most.
    [InlineData("Oh! Well!", Exclamations, 2)]
    [InlineData("Wow!!!!!", Exclamations, 3)]
    // log of words per sentence; a sentence has a word.
    [InlineData("One two. Three four.", SentenceLength, 0.6931472)]
    [InlineData("One two three four", SentenceLength, 1.3862944)]
    [InlineData("One two... Three four?! ", SentenceLength, 0.6931472)]
    [InlineData("One two\nthree four", SentenceLength, 0.6931472)]
    [InlineData("See example.org for 3.5 or more.", SentenceLength, 2.0794415)]
    [InlineData("", SentenceLength, 0)]
    // Letters and digits per word.
    [InlineData("a bbb", WordLength, 2)]
    [InlineData("don't", WordLength, 4)]
    [InlineData("e\u0301te\u0301", WordLength, 3)]
    // Share of very common words.
    [InlineData("The cat and the dog", Common, 0.6)]
    // Share of sentences that begin with an imperative.
    [InlineData("Rinse the rice. It is good.", Instructions, 0.5)]
    [InlineData("Please take a seat.", Instructions, 1)]
    [InlineData("Please.", Instructions, 0)]
    [InlineData("- Add salt\n- Stir\n- Done", Instructions, 0.6666667)]
    // Runs of digits, eight at most, markers of list items not among them.
    [InlineData("10 eggs, 3.5 litres, b12", Numbers, 4)]
    [InlineData("1. one\n2. two", Numbers, 0)]
    [InlineData("1 2 3 4 5 6 7 8 9 10", Numbers, 8)]
    // Per hundred words; a phrase counts once.
    [InlineData("What a lovely day", Warm, 25)]
    [InlineData("Of course, my friend", Warm, 50)]
    [InlineData("Have a nice day", Warm, 25)]
    [InlineData("of", Warm, 0)]
    [InlineData("Certainly. Should you require anything", Formal, 60)]
    [InlineData("I think it might rain", Hedges, 40)]
    [InlineData("I know we will see", Self, 40)]
    [InlineData("I’m sure", Self, 50)]
    [InlineData("You like your tea", You, 50)]
    [InlineData("Red, green,blue 1,000", Commas, 40)]
    public void An_answer_measures(string answer, int statistic, double expected) => Assert.Equal(expected, Measure("", answer)[statistic], 1e-5);

    [Theory]
    // The request's content words, by their first four letters, that the answer uses.
    [InlineData("How do I cook rice?", "Cooking rice is easy.", 1)]
    [InlineData("How do I cook rice?", "RICE!", 0.5)]
    [InlineData("How do I cook rice?", "I don't know how.", 0)]
    [InlineData("Why?", "Because.", 0)]
    [InlineData("Which plants, which plant?", "Plants", 1)]
    [InlineData("Explain the theme", "them", 0)]
    public void An_answer_takes_up_its_request(string request, string answer, double expected) =>
        Assert.Equal(expected, Measure(request, answer)[OnTopic], 1e-5);

    [Fact]
    public void Standardised_values_are_centred_scaled_and_clipped()
    {
        const string answer = "Certainly! Certainly! Certainly, I think so, 10 times.";
        const float evidence = 2f * 8 / (8 + 60);
        float[] raw = Measure("so", answer),
            standard = Compute(English, "so", answer);
        for (int i = 0; i < 16; i++)
        {
            float deviation = (raw[i] - TextStatistics.Centres[i]) / TextStatistics.Spreads[i];
            Assert.Equal(Math.Clamp(i is 5 or 6 or 7 or (>= 9 and <= 14) ? deviation * evidence : deviation, -4, 4), standard[i], 1e-5);
        }
        Assert.Equal(4, standard[Formal]);
    }

    [Fact]
    public void The_same_rate_says_more_in_a_longer_answer()
    {
        string few = "Certainly we went there.",
            many = string.Join(' ', Enumerable.Repeat(few, 15));
        Assert.Equal(Measure("", few)[Formal], Measure("", many)[Formal], 1e-3);
        Assert.True(Compute(English, "", few)[Formal] < 3);
        Assert.Equal(4, Compute(English, "", many)[Formal]);
    }

    [Fact]
    public void A_language_without_lists_keeps_what_needs_none()
    {
        TextStatistics other = TextStatistics.For("fi");
        Assert.NotSame(English, other);
        Assert.Same(English, TextStatistics.For("en-GB"));
        float[] values = Compute(other, "Miten keitän riisiä?", "Keitä riisiä, kunnes se on valmista!");
        int[] withLists = [Common, Instructions, Warm, Formal, Hedges, Self, You];
        Assert.All(withLists, i => Assert.Equal(0, values[i]));
        Assert.All(Enumerable.Range(0, 16).Except(withLists), i => Assert.NotEqual(0, values[i]));
    }

    [Fact]
    public void Fingerprints_are_stable_and_tell_lists_apart()
    {
        Assert.Matches("^[0-9a-f]{32}$", English.Fingerprint);
        Assert.NotEqual(English.Fingerprint, TextStatistics.For("fi").Fingerprint);
    }

    [Fact]
    public void Every_pair_of_strings_has_finite_values_within_the_limit_the_same_each_time() =>
        Gen.Select(AnyText, AnyText)
            .Sample(
                (request, answer) =>
                {
                    float[] values = Compute(English, request, answer);
                    return values.All(value => value is >= -4 and <= 4)
                        && values.SequenceEqual(Compute(English, request, answer))
                        && Measure(request, answer).All(float.IsFinite);
                },
                iter: 5000
            );

    [Fact]
    public void Upper_and_lower_case_count_alike() =>
        AnyText.Sample(answer => Measure("rice", answer.ToLowerInvariant()).SequenceEqual(Measure("RICE", answer.ToLowerInvariant())), iter: 500);

    [Theory]
    [InlineData("a")]
    [InlineData("1. ")]
    [InlineData("of ")]
    [InlineData("have a nice ")]
    [InlineData("'")]
    [InlineData("\n")]
    [InlineData("e\u0301")]
    [InlineData("\ud83d")]
    public void Millions_of_characters_take_seconds_at_most(string part)
    {
        string text = string.Concat(Enumerable.Repeat(part, 4_000_000 / part.Length));
        Stopwatch clock = Stopwatch.StartNew();
        Assert.All(Compute(English, text, text), value => Assert.True(float.IsFinite(value)));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"It took {clock.Elapsed}.");
    }

    [Fact]
    public void A_destination_that_is_too_short_is_refused_and_the_rest_of_a_longer_one_is_left_alone()
    {
        Assert.Throws<ArgumentException>(() => English.Compute("", "", new float[15]));
        float[] longer = new float[17];
        longer[16] = 7;
        English.Compute("", "", longer);
        Assert.Equal(7, longer[16]);
    }

    private static readonly Gen<string> AnyText = Gen.OneOf(
        Gen.String,
        Gen.Char.Array[0, 60].Select(chars => new string(chars)),
        Gen.Int[0, Parts.Length - 1].Array[0, 40].Select(parts => string.Concat(parts.Select(i => Parts[i])))
    );

    private static float[] Measure(string request, string answer)
    {
        float[] values = new float[TextStatistics.Count];
        English.Measure(request, answer, values);
        return values;
    }

    private static float[] Compute(TextStatistics statistics, string request, string answer)
    {
        float[] values = new float[TextStatistics.Count];
        statistics.Compute(request, answer, values);
        return values;
    }
}
