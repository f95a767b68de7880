namespace OnlineRlhf.EndToEnd.Tests.Rounds;

/// <summary>POST /v1/rounds/{id}/feedback: learned once, whatever is sent again.</summary>
public sealed class FeedbackTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    [PublishedFact]
    public async Task Feedback_is_learned_and_counted()
    {
        for (int n = 1; n <= 3; n++)
        {
            Reply round = await daemon.Client.AskForTwoAsync(profile: "counted");
            Reply learned = await daemon.Client.PreferAsync(round.Id, n == 3 ? "tie" : "first");

            Assert.Equal(200, learned.Status);
            Assert.Equal(["id", "profile", "recorded", "comparisons", "learned"], learned.Json.EnumerateObject().Select(p => p.Name));
            Assert.Equal(round.Id, learned.Id);
            Assert.Equal("counted", learned.Json.GetProperty("profile").GetString());
            Assert.True(learned.Json.GetProperty("recorded").GetBoolean());
            // The old name, for one version.
            Assert.True(learned.Json.GetProperty("learned").GetBoolean());
            Assert.Equal(n, learned.Comparisons);
        }
    }

    [PublishedTheory]
    [InlineData("first", "second")]
    [InlineData("second", "tie")]
    [InlineData("tie", "first")]
    [InlineData("tie", "skip")]
    public async Task The_same_answer_again_is_confirmed_and_not_learned_twice_and_another_one_is_refused(string answer, string other)
    {
        string profile = $"again-{answer}-{other}";
        Reply round = await daemon.Client.AskForTwoAsync(profile: profile);
        Reply once = await daemon.Client.PreferAsync(round.Id, answer),
            twice = await daemon.Client.PreferAsync(round.Id, answer);

        Assert.Equal(200, twice.Status);
        Assert.Equal(once.Body, twice.Body);
        (await daemon.Client.PreferAsync(round.Id, other)).MustBeProblem(409, "first one counts");
        Reply next = await daemon.Client.AskForTwoAsync(profile: profile);
        Assert.Equal(2, (await daemon.Client.PreferAsync(next.Id, "first")).Comparisons);
    }

    [PublishedFact]
    public async Task One_answer_sent_many_times_at_once_is_learned_once()
    {
        Reply round = await daemon.Client.AskForTwoAsync(profile: "hasty");
        Reply[] replies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => daemon.Client.PreferAsync(round.Id, "second")));

        Assert.All(replies, reply => Assert.Equal((200, 1L), (reply.Status, reply.Comparisons)));
    }

    [PublishedFact]
    public async Task Opposite_answers_at_once_let_exactly_one_win()
    {
        Reply round = await daemon.Client.AskForTwoAsync(profile: "torn");
        Reply[] replies = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => daemon.Client.PreferAsync(round.Id, i % 2 == 0 ? "first" : "second"))
        );

        Assert.Equal(10, replies.Count(r => r.Status == 200));
        Assert.Equal(10, replies.Count(r => r.Status == 409));
    }

    [PublishedFact]
    public async Task A_skipped_round_leaves_no_trace()
    {
        Reply round = await daemon.Client.AskForTwoAsync(profile: "skipped");
        Reply skipped = await daemon.Client.PreferAsync(round.Id, "skip");

        Assert.Equal(200, skipped.Status);
        Assert.False(skipped.Json.GetProperty("recorded").GetBoolean());
        Assert.False(skipped.Json.GetProperty("learned").GetBoolean());
        Assert.Equal(0, skipped.Comparisons);
        Assert.Empty(Directory.EnumerateDirectories(daemon.Folder.State, "skipped", SearchOption.AllDirectories));
        (await daemon.Client.GetAsync("/v1/rounds/current?profile=skipped")).MustBeProblem(404);
        Assert.Equal(200, (await daemon.Client.PreferAsync(round.Id, "skip")).Status);
        (await daemon.Client.PreferAsync(round.Id, "first")).MustBeProblem(409);
    }

    [PublishedFact]
    public async Task Feedback_to_a_round_that_never_was_is_unknown()
    {
        (await daemon.Client.PreferAsync(Guid.NewGuid().ToString(), "first")).MustBeProblem(404);
        (await daemon.Client.PreferAsync("not-an-id", "first")).MustBeProblem(404);
        (await daemon.Client.PreferAsync(Guid.Empty.ToString(), "first")).MustBeProblem(404);
    }

    [PublishedTheory]
    [InlineData("""{"preferred": "third"}""")]
    [InlineData("""{"preferred": null}""")]
    [InlineData("""{"preferred": 1}""")]
    [InlineData("{}")]
    public async Task Feedback_that_says_nothing_known_is_refused_and_names_the_field(string body)
    {
        Reply round = await daemon.Client.AskForTwoAsync(profile: "vague");

        (await daemon.Client.PostAsync($"/v1/rounds/{round.Id}/feedback", body)).MustBeProblem(400, "preferred");
        Assert.Equal(200, (await daemon.Client.PreferAsync(round.Id, "skip")).Status);
    }

    [PublishedFact]
    public async Task A_newer_round_on_the_same_profile_takes_the_place_of_the_older_one()
    {
        Reply older = await daemon.Client.AskForTwoAsync(profile: "newer"),
            other = await daemon.Client.AskForTwoAsync(profile: "other");
        Reply newer = await daemon.Client.AskForTwoAsync(profile: "newer");
        Reply refused = await daemon.Client.PreferAsync(older.Id, "first");

        refused.MustBeProblem(410);
        Assert.Equal("superseded", refused.Reason);
        Assert.Equal(200, (await daemon.Client.PreferAsync(newer.Id, "first")).Status);
        Assert.Equal(200, (await daemon.Client.PreferAsync(other.Id, "first")).Status);
    }
}
