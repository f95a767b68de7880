namespace OnlineRlhf.EndToEnd.Tests.Comparisons;

/// <summary>POST and GET /v1/comparisons: answers that a client brings.</summary>
public sealed class ComparisonTests(SharedDaemon daemon) : IClassFixture<SharedDaemon>
{
    private const string Path = "/v1/comparisons";

    [PublishedFact]
    public async Task A_comparison_is_learned_acknowledged_and_told()
    {
        await using EventStream events = await EventStream.OpenAsync(daemon.Process);
        string id = Guid.NewGuid().ToString();
        Reply learned = await SubmitAsync("told", id),
            again = await SubmitAsync("told", id),
            other = await SubmitAsync("told", chosen: "Steep the leaves.");

        Assert.Equal((200, id, 1), (learned.Status, learned.Id, learned.Comparisons));
        Assert.True(learned.Json.GetProperty("recorded").GetBoolean());
        Assert.True(learned.Json.GetProperty("learned").GetBoolean());
        Assert.Equal("told", learned.Json.GetProperty("profile").GetString());
        Assert.Equal((200, learned.Body), (again.Status, again.Body));
        Assert.Equal((200, 2), (other.Status, other.Comparisons));
        Assert.True(Guid.TryParse(other.Id, out _));
        foreach (Reply reply in new[] { learned, other })
        {
            EventStream.Event told;
            do told = await events.NextAsync();
            while (told.Name != "recorded" || told.Data.GetProperty("profile").GetString() != "told");
            Assert.Equal((reply.Id, reply.Comparisons), (told.Data.GetProperty("id").GetString(), told.Data.GetProperty("comparisons").GetInt64()));
        }
    }

    [PublishedFact]
    public async Task Whether_one_is_known_can_be_asked_without_learning_it()
    {
        string id = Guid.NewGuid().ToString(),
            unknown = Guid.NewGuid().ToString();
        Reply learned = await SubmitAsync("asked", id);
        await SubmitAsync("asked");
        Reply known = await daemon.Client.GetAsync($"{Path}/{id}?profile=asked"),
            missing = await daemon.Client.GetAsync($"{Path}/{unknown}?profile=asked");

        Assert.Equal((200, learned.Body), (known.Status, known.Body));
        Assert.Equal($$"""{"id":"{{unknown}}","profile":"asked","recorded":false,"comparisons":2,"learned":false}""", missing.Body);
        (await daemon.Client.GetAsync($"{Path}/x?profile=asked")).MustBeProblem(400, "GUID");
        (await daemon.Client.GetAsync($"{Path}/{id}?profile=../x")).MustBeProblem(400, "profile");
    }

    [PublishedFact]
    public async Task A_tie_is_taken_and_says_nothing_about_either_answer()
    {
        Reply tie = await daemon.Client.PostAsync(
            Path,
            Client.Body("How do I make tea?", "tied", """ "chosen": "Steep it.", "rejected": "I do not know.", "tie": true """)
        );
        Assert.Equal((200, 1), (tie.Status, tie.Comparisons));
        (
            await daemon.Client.PostAsync(
                Path,
                Client.Body("How do I make tea?", "tied", """ "chosen": "Steep it.", "rejected": "I do not know.", "tie": "yes" """)
            )
        ).MustBeProblem(400, "tie");
    }

    [PublishedTheory]
    [InlineData("", "JSON")]
    [InlineData("{}", "messages")]
    [InlineData("""{"messages": [{"role": "user", "content": "zebrafinch"}]}""", "chosen is missing")]
    [InlineData("""{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": "a"}""", "rejected is missing")]
    [InlineData("""{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": "zebrafinch", "rejected": "zebrafinch"}""", "same text")]
    [InlineData("""{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": "", "rejected": "zebrafinch"}""", "chosen is empty")]
    [InlineData("""{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": "zebrafinch", "rejected": " \n"}""", "rejected is empty")]
    [InlineData("""{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": 7, "rejected": "a"}""", "chosen")]
    [InlineData("""{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": "\ud800", "rejected": "a"}""", "chosen")]
    [InlineData("""{"messages": [], "chosen": "zebrafinch", "rejected": "a"}""", "messages")]
    [InlineData("""{"messages": [{"role": "assistant", "content": "zebrafinch"}], "chosen": "zebrafinch", "rejected": "a"}""", "last message")]
    [InlineData("""{"messages": [{"role": "root", "content": "zebrafinch"}], "chosen": "zebrafinch", "rejected": "a"}""", "role")]
    [InlineData(
        """{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": "zebrafinch", "rejected": "a", "profile": "../x"}""",
        "profile"
    )]
    [InlineData(
        """{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": "zebrafinch", "rejected": "a", "id": "zebrafinch"}""",
        "id must be a GUID"
    )]
    [InlineData(
        """{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": "zebrafinch", "rejected": "a","""
            + """ "id": "3f2504e04f8941d39a0c0305e82c3301"}""",
        "id must be a GUID"
    )]
    [InlineData(
        """{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": "zebrafinch", "rejected": "a","""
            + """ "id": "00000000-0000-0000-0000-000000000000"}""",
        "zeros"
    )]
    [InlineData("""{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": "zebrafinch", "rejected": "a", "id": 7}""", "id")]
    [InlineData("""{"messages": [{"role": "user", "content": "zebrafinch"}], "chosen": "zebrafinch", "rejected": "a", "label": 1}""", "label")]
    public async Task A_wrong_body_is_refused_with_the_name_of_what_is_wrong(string body, string names)
    {
        Reply reply = await daemon.Client.PostAsync(Path, body);

        reply.MustBeProblem(400, names);
        Assert.DoesNotContain("zebrafinch", reply.Body, StringComparison.Ordinal);
    }

    [PublishedFact]
    public async Task One_longer_than_the_context_is_refused_with_both_numbers()
    {
        Reply reply = await SubmitAsync("long", chosen: string.Join(' ', Enumerable.Repeat("tea", 2_000)));

        reply.MustBeProblem(413, "context");
        Assert.Equal("prompt-too-long", reply.Reason);
        Assert.Matches(@"take \d{4,} tokens and the context holds 512", reply.Detail);
        (await SubmitAsync("long", chosen: new string('a', 300_000))).MustBeProblem(413, "262144 bytes");
    }

    [PublishedFact]
    public async Task After_a_kill_at_the_acknowledgement_the_same_id_is_confirmed()
    {
        using var folder = new TempFolder();
        string id = Guid.NewGuid().ToString();
        Reply learned;
        await using (DaemonProcess killed = await DaemonProcess.StartReadyAsync(folder))
        {
            learned = await killed.Client.PostAsync(Path, Body("default", id, "Steep it."));
            await killed.KillAsync();
        }
        await using DaemonProcess again = await DaemonProcess.StartReadyAsync(folder);
        Assert.Equal((200, learned.Body), (learned.Status, (await again.Client.PostAsync(Path, Body("default", id, "Steep it."))).Body));
        Assert.Equal(2, (await again.Client.PostAsync(Path, Body("default", null, "Steep it."))).Comparisons);
    }

    [PublishedFact]
    public async Task One_profile_more_than_are_kept_is_refused()
    {
        using var folder = new TempFolder();
        await using DaemonProcess small = await DaemonProcess.StartReadyAsync(folder, "--profiles", "1");
        Reply first = await small.Client.PostAsync(Path, Body("anna", null, "Steep it.")),
            second = await small.Client.PostAsync(Path, Body("ben", null, "Steep it."));

        Assert.Equal(200, first.Status);
        second.MustBeProblem(507, "profiles");
        Assert.Equal("too-many-profiles", second.Reason);
    }

    private Task<Reply> SubmitAsync(string profile, string? id = null, string chosen = "Seven minutes in boiling water.") =>
        daemon.Client.PostAsync(Path, Body(profile, id, chosen));

    private static string Body(string profile, string? id, string chosen) =>
        Client.Body(
            "How do I make tea?",
            profile,
            $""" "chosen": "{chosen}", "rejected": "I do not know." {(id is null ? "" : $", \"id\": \"{id}\"")} """
        );
}
