using System.Text;
using OnlineRlhf.Daemon.Configuration;

namespace OnlineRlhf.Daemon.Tests;

/// <summary>docs/configuration.md is written from the table of settings. <c>ONLINERLHF_WRITE_DOCS=1</c> has this test write it anew.</summary>
public sealed class ConfigurationPageTests
{
    private const string Head = """
        # Settings

        This page lists all settings. `ConfigurationPageTests` writes it from the table in `src/OnlineRlhf.Daemon/Configuration/Setting.cs`.

        A flag wins over the environment, and the environment over the file: `/etc/onlinerlhf/onlinerlhf.json`, or the one that `--config` names.
        The setting `max_tokens` is the flag `--max-tokens`, the variable `ONLINERLHF_MAX_TOKENS` and `"max_tokens"` in the file.
        A wrong value, or an unknown name in the file, stops the start with one line and exit code 78. An unknown flag gives exit code 2; an unknown
        variable `ONLINERLHF_…` gives a warning in the log. The daemon reads its settings when it starts.

        | setting | range | what it does |
        |---|---|---|

        """;

    [Fact]
    public void The_page_says_what_the_table_says()
    {
        var page = new StringBuilder(Head);
        foreach (Setting setting in Setting.All)
            page.Append($"| `{setting.Key}` | {setting.Range} | {setting.Description.Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        Checkout.MustSay("docs/configuration.md", page.ToString());
    }

    [Fact]
    public void Every_default_lies_in_its_range() => Settings.Read([], Checkout.Path("packaging/debian/onlinerlhf.json"));

    [Theory]
    [InlineData("threads", "257", "threads must be 0 to 256, not 257")]
    [InlineData("context", "100", "context must be 128 to 1048576 tokens, not 100")]
    [InlineData("usefulness", "-1", "usefulness must be at least 0, not -1")]
    [InlineData("usefulness", "NaN", "usefulness must be at least 0, not NaN")]
    [InlineData("step_size", "0", "step_size must be 0.000001 to 1000000, not 0")]
    [InlineData("candidates", "x", "candidates must be a whole number, not x")]
    public void A_value_outside_of_the_range_is_refused_in_words(string key, string value, string problem) =>
        Assert.Equal(problem, Assert.Throws<ConfigurationException>(() => Setting.All.Single(s => s.Key == key).Check(value)).Message);
}
