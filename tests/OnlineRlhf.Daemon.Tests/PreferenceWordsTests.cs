using OnlineRlhf.Hardware;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Tests;

/// <summary>The words, keys and buttons that say which answer is better.</summary>
public sealed class PreferenceWordsTests
{
    [Theory]
    [InlineData(Preferred.First, "first", '1', Button.First)]
    [InlineData(Preferred.Second, "second", '2', Button.Second)]
    [InlineData(Preferred.Tie, "tie", 't', Button.Tie)]
    [InlineData(Preferred.Skip, "skip", 's', Button.Skip)]
    public void An_answer_has_one_word_one_key_and_one_button(Preferred preferred, string word, char key, Button button)
    {
        Assert.Equal(word, WireName.Of(preferred));
        Assert.True(WireName.TryParse(word, out Preferred read));
        Assert.Equal(preferred, read);
        Assert.Equal(preferred, PreferenceWords.OfArgument(word));
        Assert.Equal(key, PreferenceWords.Key(preferred));
        Assert.Equal(preferred, PreferenceWords.OfKey(key));
        Assert.Equal(preferred, PreferenceWords.OfKey(char.ToUpperInvariant(key)));
        Assert.Equal(preferred, PreferenceWords.OfButton(button));
        // A button is wired under the word that it says.
        Assert.Equal(word, WireName.Of(button));
    }

    [Fact]
    public void The_command_line_takes_the_words_and_the_digits()
    {
        Assert.Equal(["first", "second", "tie", "skip", "1", "2"], PreferenceWords.Arguments);
        Assert.Equal((Preferred.First, Preferred.Second), (PreferenceWords.OfArgument("1"), PreferenceWords.OfArgument("2")));
        Assert.All(["t", "s", "q", "First", "0", "", null], (string? other) => Assert.Null(PreferenceWords.OfArgument(other)));
    }

    [Theory]
    [InlineData("First")]
    [InlineData("0")]
    [InlineData("")]
    [InlineData(null)]
    public void A_word_of_another_spelling_is_none(string? word) => Assert.False(WireName.TryParse(word, out Preferred _));

    [Fact]
    public void Words_of_several_parts_have_dashes_and_are_read_back()
    {
        Assert.Equal("always, when-useful or never", WireName.Choice<AskMode>());
        foreach (PressOutcome outcome in Enum.GetValues<PressOutcome>())
        {
            Assert.True(WireName.TryParse(WireName.Of(outcome), out PressOutcome read));
            Assert.Equal(outcome, read);
        }
    }
}
