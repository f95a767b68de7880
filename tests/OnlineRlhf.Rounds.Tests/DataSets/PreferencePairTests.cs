using System.Buffers;
using System.Text;
using OnlineRlhf.Rounds.DataSets;

namespace OnlineRlhf.Rounds.Tests.DataSets;

public sealed class PreferencePairTests
{
    [Theory]
    [InlineData("""{"prompt": "How?", "chosen": "So.", "rejected": "Thus."}""", "user: How? | So. | Thus.")]
    [InlineData("""{"id": 7, "score_chosen": 8.5, "prompt": " How? ", "chosen": " So.\n", "rejected": "Thus."}""", "user: How? | So. | Thus.")]
    [InlineData("""{"prompt": null, "chosen": "\n\nHuman: How?\n\nAssistant: So.", "rejected": "\n\nHuman: How?\n\nAssistant: Thus."}""", "user: How? | So. | Thus.")]
    [InlineData(
        """{"chosen": "\n\nHuman: How?\n\nAssistant: What?\n\nHuman: That.\n\nAssistant: So.\n\nSo.", "rejected": "\n\nHuman: How?\n\nAssistant: What?\n\nHuman: That.\n\nAssistant: Thus."}""",
        "user: How? assistant: What? user: That. | So.\n\nSo. | Thus.")]
    [InlineData("""{"chosen": "\n\nHuman: How?\n\nAssistant: So.\n\nAssistant: Yes.", "rejected": "\n\nHuman: How?\n\nAssistant: Thus."}""", "user: How? | So.\n\nYes. | Thus.")]
    [InlineData("""{"prompt": "\n\nHuman: How?\n\nAssistant:", "chosen": " So.", "rejected": " Thus."}""", "user: How? | So. | Thus.")]
    [InlineData(
        """{"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How?"}], "chosen": [{"role": "assistant", "content": "So."}], "rejected": [{"role": "assistant", "content": "Thus."}]}""",
        "system: Be brief. user: How? | So. | Thus.")]
    [InlineData("""{"prompt": [{"role": "user", "content": "How?"}], "chosen": "So.", "rejected": "Thus."}""", "user: How? | So. | Thus.")]
    [InlineData(
        """{"prompt": "How?", "chosen": [{"role": "user", "content": "How?"}, {"role": "assistant", "content": "So."}], "rejected": [{"role": "user", "content": "How?"}, {"role": "assistant", "content": "Thus."}]}""",
        "user: How? | So. | Thus.")]
    [InlineData(
        """{"chosen": [{"role": "user", "content": "How?"}, {"role": "assistant", "content": "So."}], "rejected": [{"role": "user", "content": "How?"}, {"role": "assistant", "content": "Thus."}]}""",
        "user: How? | So. | Thus.")]
    public void The_usual_shapes_are_understood(string line, string expected)
    {
        PreferencePair pair = Parse(line);

        Assert.Equal(expected, $"{string.Join(' ', pair.Messages.Select(m => $"{m.Role}: {m.Content}"))} | {pair.Chosen} | {pair.Rejected}");
    }

    [Theory]
    [InlineData("""{"prompt": "zebrafinch", """, "not valid JSON")]
    [InlineData("zebrafinch", "not valid JSON")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": "zebrafinch", "rejected": "\ud800"}""", "not valid Unicode")]
    [InlineData("""["zebrafinch"]""", "no JSON object")]
    [InlineData("""{"prompt": "zebrafinch", "rejected": "zebrafinch"}""", "no chosen")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": "zebrafinch"}""", "no rejected")]
    [InlineData("""{"chosen": "zebrafinch", "rejected": "other"}""", "no prompt")]
    [InlineData("""{"prompt": 7, "chosen": "zebrafinch", "rejected": "other"}""", "prompt is neither")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": {}, "rejected": "other"}""", "chosen is neither")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": [], "rejected": "other"}""", "chosen does not end")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": [{"role": "user", "content": "zebrafinch"}], "rejected": "other"}""", "chosen does not end")]
    [InlineData("""{"prompt": "zebrafinch", "chosen": ["zebrafinch"], "rejected": "other"}""", "chosen holds a message without a role")]
    [InlineData("""{"prompt": [{"role": "user", "content": [{"type": "text"}]}], "chosen": "zebrafinch", "rejected": "other"}""", "prompt holds a message without a content")]
    [InlineData("""{"chosen": "\n\nHuman: zebrafinch", "rejected": "\n\nHuman: zebrafinch\n\nAssistant: other"}""", "chosen does not end")]
    [InlineData("""{"chosen": "\n\nHuman: zebrafinch\n\nAssistant: a", "rejected": "\n\nHuman: other\n\nAssistant: b"}""", "same conversation")]
    public void Others_are_refused_in_words_that_repeat_nothing(string line, string says)
    {
        string reason = Assert.Throws<FormatException>(() => Parse(line)).Message;

        Assert.Contains(says, reason, StringComparison.Ordinal);
        Assert.DoesNotContain("zebrafinch", reason, StringComparison.Ordinal);
    }

    private static PreferencePair Parse(string line) => PreferencePair.Parse(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(line)));
}
