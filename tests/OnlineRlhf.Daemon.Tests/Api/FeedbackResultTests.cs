using System.Text.Json;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Tests.Api;

/// <summary>The response to feedback, whose field was called learned in version 0.1.0.</summary>
public sealed class FeedbackResultTests
{
    private const string Id = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

    [Theory]
    [InlineData(true, "true")]
    [InlineData(false, "false")]
    public void Both_names_are_sent_with_one_value(bool recorded, string value) =>
        Assert.Equal(
            $$"""{"id":"{{Id}}","profile":"anna","recorded":{{value}},"comparisons":7,"learned":{{value}}}""",
            JsonSerializer.Serialize(
                FeedbackResultBody.Of(new FeedbackResult(Guid.Parse(Id), "anna", recorded, 7)),
                WireJson.Readable.FeedbackResultBody
            )
        );

    [Theory]
    [InlineData(""","learned":true""")]
    [InlineData("")]
    public void The_program_s_own_client_needs_only_the_new_name(string alias)
    {
        string reply = $$"""{"id":"{{Id}}","profile":"anna","recorded":true,"comparisons":7{{alias}}}""";
        Assert.True(JsonSerializer.Deserialize(reply, WireJson.Complete.FeedbackResultBody)!.Recorded);
        Assert.Throws<JsonException>(() =>
            JsonSerializer.Deserialize(reply.Replace("recorded", "other", StringComparison.Ordinal), WireJson.Complete.FeedbackResultBody)
        );
    }
}
