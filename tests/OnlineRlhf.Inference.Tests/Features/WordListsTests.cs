using OnlineRlhf.Inference.Features;

namespace OnlineRlhf.Inference.Tests.Features;

public sealed class WordListsTests
{
    private static readonly WordLists English = WordLists.English;

    public static TheoryData<string, IReadOnlyList<string>> Lists =>
        new()
        {
            { "common", English.Common.Entries },
            { "imperative", English.Imperative.Entries },
            { "warm", English.Warm.Entries },
            { "formal", English.Formal.Entries },
            { "hedges", English.Hedges.Entries },
            { "self", English.Self.Entries },
            { "you", English.You.Entries },
            { "stop", English.Stop.Entries },
        };

    [Theory]
    [MemberData(nameof(Lists))]
    public void A_list_is_in_lower_case_sorted_and_without_duplicates(string name, IReadOnlyList<string> entries)
    {
        Assert.True(entries.Count >= 8, name);
        Assert.Equal(entries.Select(entry => entry.ToLowerInvariant()), entries);
        Assert.Equal(entries.Order(StringComparer.Ordinal).Distinct(), entries);
        Assert.All(entries, entry => Assert.Matches("^[a-z']+( [a-z']+)*$", entry));
    }

    [Fact]
    public void The_manners_share_no_word() =>
        Assert.Empty(
            English
                .Warm.Entries.Intersect(English.Formal.Entries)
                .Concat(English.Formal.Entries.Intersect(English.Hedges.Entries))
                .Concat(English.Warm.Entries.Intersect(English.Hedges.Entries))
        );

    [Fact]
    public void Speakers_are_no_content_words() =>
        Assert.All(
            English.Self.Entries.Concat(English.You.Entries).Where(word => word.Length > 2),
            word => Assert.True(English.Stop.Contains(word), word)
        );

    [Fact]
    public void Another_language_has_none()
    {
        Assert.Same(WordLists.English, WordLists.For("EN_us"));
        Assert.Same(WordLists.None, WordLists.For("de"));
        Assert.Same(WordLists.None, WordLists.For(""));
        Assert.Empty(WordLists.None.Warm.Entries);
    }
}
