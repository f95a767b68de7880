using System.Globalization;
using System.Text;
using CsCheck;

namespace OnlineRlhf.Inference.Tests;

/// <summary>Text that nobody has checked, where people read it.</summary>
public sealed class PlainTextTests
{
    private static readonly UnicodeCategory[] Unfit =
    [
        UnicodeCategory.Control,
        UnicodeCategory.Format,
        UnicodeCategory.LineSeparator,
        UnicodeCategory.ParagraphSeparator,
    ];

    // An attribute cannot hold half of a pair.
    [Fact]
    public void Half_of_a_surrogate_pair_is_replaced() => Assert.Equal("\ufffdx\ufffd", PlainText.Of("\ud800x\udc00"));

    [Theory]
    [InlineData("\e[2J\e[Hgone", "?[2J?[Hgone")]
    [InlineData("\e]0;title\a", "?]0;title?")]
    [InlineData("\u009b31mred\u0007\u007f\0\v", "?31mred????")]
    [InlineData("over\rwritten\r\nagain\u0085and\u2028again\u2029", "over\nwritten\nagain\nand\nagain\n")]
    [InlineData("one\ttwo", "one\ttwo")]
    [InlineData("\u202egnp.exe\u202c \u2066a\u2069 \u200f\u061c", "gnp.exe a ")]
    [InlineData("pay\u200bpal \ufeff\u2060\u00ad\u180e\u3164\U000E0041", "paypal ")]
    [InlineData("می\u200cخواهم 👩\u200d👧 ❤\ufe0f 👍🏽", "می\u200cخواهم 👩\u200d👧 ❤\ufe0f 👍🏽")]
    [InlineData("a\u0300\u0301\u0302\u0303\u0304", "a\u0300\u0301\u0302")]
    [InlineData("\u0301alone", "alone")]
    public void What_could_drive_a_terminal_or_deceive_its_reader_is_taken_out(string text, string plain) => Assert.Equal(plain, PlainText.Of(text));

    // An attribute cannot hold half of a pair.
    [Fact]
    public void Half_of_a_surrogate_pair_is_the_replacement_character() => Assert.Equal("\ufffdx\ufffd", PlainText.Of("\ud800x\udc00"));

    [Theory]
    [InlineData("Model\nReady: another\r\n\u2028\tname", "Model Ready: another   name")]
    [InlineData("two  blanks", "two  blanks")]
    [InlineData("pay\u200dpal", "paypal")]
    public void A_line_stays_one_line(string text, string line) => Assert.Equal(line, PlainText.Line(text));

    [Fact]
    public void No_control_is_left_of_any_text() =>
        Gen.Int[0, 0x10FFFF]
            .Array[0, 40]
            .Sample(points =>
            {
                StringBuilder text = new();
                foreach (int point in points)
                    text.Append(point <= 0xFFFF ? ((char)point).ToString() : char.ConvertFromUtf32(point));
                string line = PlainText.Line(text.ToString());
                Assert.All(line.EnumerateRunes(), rune => Assert.DoesNotContain(Rune.GetUnicodeCategory(rune), Unfit));
                Assert.Equal(line, PlainText.Line(line));
            });
}
