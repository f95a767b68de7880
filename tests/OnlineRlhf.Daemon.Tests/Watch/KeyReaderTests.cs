using System.Text;
using OnlineRlhf.Daemon.Cli.Watch;

namespace OnlineRlhf.Daemon.Tests.Watch;

/// <summary>What counts as a key: a preference is given by nothing else.</summary>
public sealed class KeyReaderTests
{
    [Theory]
    [InlineData("12ts", "12ts")]
    [InlineData("\e[A\e[15~\e[2~", "")]
    [InlineData("\eOP\e[1;2P", "")]
    [InlineData("\e[[A1", "1")]
    [InlineData("\e1", "")]
    [InlineData("\e\e[2~2", "2")]
    [InlineData("\r\n ä1", "1")]
    public void Keys_are_told_from_the_sequences_of_function_keys(string sent, string keys)
    {
        var reader = new KeyReader();
        Assert.Equal(keys, string.Concat(Encoding.UTF8.GetBytes(sent).Select(b => reader.Read(b)).OfType<char>()));
    }
}
