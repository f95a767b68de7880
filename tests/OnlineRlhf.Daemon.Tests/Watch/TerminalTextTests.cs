using System.Text;
using CsCheck;
using OnlineRlhf.Daemon.Cli.Watch;

namespace OnlineRlhf.Daemon.Tests.Watch;

/// <summary>A model's text on a terminal: it cannot drive it, and it is as wide as was counted.</summary>
public sealed class TerminalTextTests
{
    private static readonly string[] Pieces =
    [
        "\e[2J",
        "\e]0;title\a",
        "\u009b31m",
        "\r",
        "\n",
        "\r\n",
        "\t",
        "\0",
        "\u0085",
        "\u2028",
        "e\u0301",
        "\u0301",
        "漢字",
        "한글",
        "👩‍👩‍👧",
        "👍🏽",
        "🇩🇪",
        "\ud800",
        "\u202e",
        "\u200b",
        "❤️",
        " ",
        "  ",
        "word",
    ];

    /// <summary>Text of everything that is awkward: controls, sequences, marks, wide characters, emoji, halves of surrogate pairs.</summary>
    internal static Gen<string> Awkward { get; } =
        Gen.OneOf(Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i]), Gen.Char.Select(c => c.ToString())).Array[0, 60].Select(string.Concat);

    [Theory]
    [InlineData("\e[2J\e[Hgone", "?[2J?[Hgone")]
    [InlineData("\e]0;title\a", "?]0;title?")]
    [InlineData("\u009b31mred", "?31mred")]
    [InlineData("over\rwritten", "over\nwritten")]
    [InlineData("one\ttwo", "one two")]
    [InlineData("left\u202eright", "leftright")]
    [InlineData("👩‍👧 👍🏽 ❤️", "👩👧 👍 ❤")]
    [InlineData("cafe\u0301", "cafe\u0301")]
    [InlineData("a\u0300\u0301\u0302\u0303\u0304", "a\u0300\u0301\u0302")]
    [InlineData("\u0301alone", "alone")]
    public void What_could_drive_a_terminal_is_taken_out(string text, string neutral) => Assert.Equal(neutral, TerminalText.Neutral(text));

    [Fact]
    public void No_control_is_left_of_any_text() =>
        Awkward.Sample(text =>
            Assert.DoesNotContain(
                TerminalText.Neutral(text),
                c =>
                    (char.IsControl(c) && c != '\n')
                    || c is '\u2028' or '\u2029'
                    || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format
            )
        );

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("e\u0301", 1)]
    [InlineData("漢字", 4)]
    [InlineData("한글", 4)]
    [InlineData("ｗ", 2)]
    [InlineData("ä…│", 3)]
    [InlineData("👍", 2)]
    public void Width_is_counted_in_cells(string text, int cells) => Assert.Equal(cells, CellWidth.Of(text));

    [Fact]
    public void Lines_break_between_words() =>
        Assert.Equal(["the quick", "brown fox", "", "jumps"], TerminalText.Wrap("the quick brown fox\n\njumps\n", 10));

    [Fact]
    public void A_word_longer_than_the_line_is_broken_within() =>
        Assert.Equal(["a", "abcdefghij", "klm n"], TerminalText.Wrap("a abcdefghijklm n", 10));

    [Fact]
    public void A_wide_character_is_not_split() => Assert.Equal(["漢字", "漢"], TerminalText.Wrap("漢字漢", 5));

    [Fact]
    public void Indentation_is_kept() => Assert.Equal(["- one", "  two"], TerminalText.Wrap("- one\n  two", 10));

    [Fact]
    public void A_mark_that_stands_alone_is_no_blank() => Assert.Equal(["漢字", "\u0301"], TerminalText.Wrap("漢字 \u0301", 4));

    [Fact]
    public void Lines_hold_every_word_and_fit() =>
        Gen.Select(Awkward, Gen.Int[2, 30])
            .Sample(
                (text, width) =>
                {
                    string neutral = TerminalText.Neutral(text);
                    List<string> lines = TerminalText.Wrap(neutral, width);
                    Assert.All(lines, line => Assert.InRange(CellWidth.Of(line), 0, width));
                    Assert.Equal(Visible(neutral), Visible(string.Concat(lines)));
                }
            );

    [Theory]
    [InlineData("short", 5, "short")]
    [InlineData("longer", 5, "long…")]
    [InlineData("漢字漢", 5, "漢字…")]
    [InlineData("漢字漢", 4, "漢…")]
    public void What_is_cut_has_a_mark(string line, int width, string cut) => Assert.Equal(cut, TerminalText.Cut(line, width, "…"));

    private static string Visible(string text) => string.Concat(text.EnumerateRunes().Where(r => !Rune.IsWhiteSpace(r)));
}
