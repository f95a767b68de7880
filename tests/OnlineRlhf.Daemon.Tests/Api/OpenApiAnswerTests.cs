using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using OnlineRlhf.Daemon.Http;
using OnlineRlhf.Rounds;
using OnlineRlhf.Rounds.Events;
using OnlineRlhf.Rounds.Feedback;

namespace OnlineRlhf.Daemon.Tests.Api;

/// <summary>What the endpoints take and answer, with the demo model, is what docs/openapi.json says.</summary>
public sealed partial class OpenApiAnswerTests(LiveApi api) : IClassFixture<LiveApi>
{
    private const string Digest = "0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task Every_operation_answers_as_it_is_told()
    {
        HashSet<string> called = [];
        // The other tests share a daemon that has loaded its model and has open rounds.
        await using var own = new LiveApi();
        await CallAsync("getHealth", 503);
        await own.LoadAsync();
        string round = Id(await CallAsync("openRound", 201, Example("openRound")));
        await CallAsync("getRound", 200, "", ("id", round));
        await CallAsync("getCurrentRound", 200, "", ("profile", "anna"));
        await CallAsync("giveFeedback", 200, Example("giveFeedback"), ("id", round));
        await CallAsync("giveFeedback", 409, """{"preferred": "second"}""", ("id", round));
        await CallAsync("giveFeedback", 404, Example("giveFeedback"), ("id", Guid.NewGuid().ToString()));
        await CallAsync("giveFeedback", 400, """{"preferred": "first", "more": 1}""", ("id", round));
        await CallAsync("giveFeedback", 413, new string(' ', RoundEndpoints.LargestBody + 1), ("id", round));
        await CallAsync("getRound", 404, "", ("id", round));
        await CallAsync("getCurrentRound", 404);
        await CallAsync("pressFromAfar", 404, Example("pressFromAfar"));
        await CallAsync("openRound", 201, Example("openRound"));
        await CallAsync("pressFromAfar", 409, Example("pressFromAfar"));
        own.Clock.Advance(TimeSpan.FromSeconds(1));
        await CallAsync("pressFromAfar", 200, Example("pressFromAfar"));
        string comparison = Id(await CallAsync("submitComparison", 200, Example("submitComparison")));
        await CallAsync("findComparison", 200, "", ("id", comparison), ("profile", "anna"));
        await CallAsync("findComparison", 400, "", ("id", "one"));
        await CallAsync("noteDataSet", 200, Example("noteDataSet"), ("profile", "anna"), ("digest", Digest));
        await CallAsync("noteDataSet", 409, Example("noteDataSet"), ("profile", "nobody"), ("digest", Digest));
        await CallAsync("findDataSet", 200, "", ("profile", "anna"), ("digest", Digest), ("lines", "3"), ("run", "1"));
        await CallAsync("addKey", 201, Example("addKey"));
        await CallAsync("addKey", 409, Example("addKey"));
        await CallAsync("addKey", 400, """{"name": "anna/ben"}""");
        await CallAsync("listKeys", 200);
        await CallAsync("removeKey", 200, "", ("name", "anna"));
        await CallAsync("removeKey", 404, "", ("name", "anna"));
        await CallAsync("getHealth", 200);
        LiveApi.Answer metrics = await CallAsync("getMetrics", 200);
        Assert.Equal(
            ApiOperation.All(ApiOperation.Document).Select(o => (string)o.Node["operationId"]!).Where(o => o != "followEvents").Order(),
            called.Order()
        );

        // The old names of the metrics stay for one version.
        foreach (
            (string name, string oldName) in ((string, string)[])
                [("comparisons_recorded_total", "learned_total"), ("comparisons_submitted_total", "brought_total")]
        )
        {
            string value = Regex.Match(metrics.Body, $"^onlinerlhf_{name} (\\d+)$", RegexOptions.Multiline).Groups[1].Value;
            Assert.Contains($"\nonlinerlhf_{oldName} {value}\n", metrics.Body, StringComparison.Ordinal);
            Assert.Contains($"# HELP onlinerlhf_{oldName} old name of onlinerlhf_{name}", metrics.Body, StringComparison.Ordinal);
        }

        async Task<LiveApi.Answer> CallAsync(string id, int status, string body = "", params (string, string)[] parameters)
        {
            LiveApi.Answer answer = await CheckAsync(own, id, body, parameters);
            Assert.True(answer.Status == status, $"{id}: {answer.Status}, {answer.Body}");
            called.Add(id);
            return answer;
        }
    }

    [Fact]
    public async Task A_recorded_answer_is_told_by_its_old_name_too()
    {
        await api.LoadAsync();
        string round = Id(await CheckAsync("openRound", Example("openRound").Replace("anna", "old", StringComparison.Ordinal)));
        JsonNode skipped = (await CheckAsync("giveFeedback", """{"preferred": "skip"}""", ("id", round))).Json,
            recorded = (await CheckAsync("submitComparison", Example("submitComparison").Replace("anna", "old", StringComparison.Ordinal))).Json;
        Assert.Equal((false, false), ((bool)skipped["recorded"]!, (bool)skipped["learned"]!));
        Assert.Equal((true, true), ((bool)recorded["recorded"]!, (bool)recorded["learned"]!));
    }

    [Fact]
    public async Task A_field_is_required_where_its_lack_is_refused_and_only_there()
    {
        await api.LoadAsync();
        foreach (ApiOperation operation in ApiOperation.All(ApiOperation.Document).Where(o => o.RequestSchema is not null))
        {
            JsonNode schema = ApiOperation.Document["components"]!["schemas"]![operation.RequestSchema!]!;
            JsonObject example = operation.Example;
            foreach (string field in schema["properties"]!.AsObject().Select(p => p.Key))
            {
                JsonObject without = example.DeepClone().AsObject();
                without.Remove(field);
                bool isRequired = schema["required"]!.AsArray().Any(r => (string)r! == field);
                LiveApi.Answer answer = await AskAsync(operation, without);
                Assert.True(answer.Status == 400 == isRequired, $"{operation.RequestSchema} without {field}: {answer.Status}, {answer.Body}");
            }
            Assert.Equal(
                400,
                (
                    await AskAsync(operation, new JsonObject(example.Select(e => KeyValuePair.Create(e.Key, e.Value?.DeepClone()))) { ["more"] = 1 })
                ).Status
            );
        }
    }

    [Fact]
    public async Task A_message_has_one_of_the_roles_and_a_content()
    {
        await api.LoadAsync();
        JsonNode roles = ApiOperation.Document["components"]!["schemas"]!["Message"]!["properties"]!["role"]!["enum"]!;
        foreach (string role in (string[])[.. roles.AsArray().Select(r => (string)r!), "other", ""])
        {
            JsonObject body = ApiOperation.Named("submitComparison").Example;
            body["id"] = Guid.NewGuid().ToString();
            body["messages"]!.AsArray().Insert(0, new JsonObject { ["role"] = role, ["content"] = "Hello" });
            int expected = roles.AsArray().Any(r => (string)r! == role) ? 200 : 400;
            Assert.Equal((role, expected), (role, (await AskAsync(ApiOperation.Named("submitComparison"), body)).Status));
        }
        foreach (string field in (string[])["role", "content"])
        {
            JsonObject body = ApiOperation.Named("submitComparison").Example;
            body["messages"]![0]!.AsObject().Remove(field);
            Assert.Equal(400, (await AskAsync(ApiOperation.Named("submitComparison"), body)).Status);
        }
    }

    [Fact]
    public async Task Every_event_is_sent_under_its_name_with_the_data_that_is_told()
    {
        await api.LoadAsync();
        Dictionary<string, JsonNode> told = ApiOperation.Events;
        HashSet<string> sent = ["snapshot"];
        List<RoundEvent> happened =
        [
            .. await RoundsAsync(),
            new RoundEvent.Abandoned("anna", Failed: true),
            new RoundEvent.Writing("anna", "One cup of", ""),
            new RoundEvent.Board("no chip"),
            new RoundEvent.Lagged(3),
            .. Enum.GetValues<PressOutcome>().Select(o => new RoundEvent.Pressed([Preferred.First, Preferred.Skip], o, Guid.NewGuid())),
        ];
        Assert.Equal(typeof(RoundEvent).GetNestedTypes().Select(t => t.Name).Order(), happened.Select(e => e.GetType().Name).Distinct().Order());
        foreach (RoundEvent one in happened)
        {
            MatchCollection lines = EventLines().Matches(await WrittenAsync(one));
            Assert.NotEmpty(lines);
            foreach (Match line in lines)
            {
                sent.Add(line.Groups[1].Value);
                SchemaCheck.MustFit(JsonNode.Parse(line.Groups[2].Value), told[line.Groups[1].Value]["schema"]!);
            }
            if (one is not RoundEvent.Recorded)
                continue;
            // The new name first; version 0.1.0's name follows with the same data.
            Assert.Equal(["recorded", "learned"], lines.Select(l => l.Groups[1].Value));
            Assert.Equal(lines[0].Groups[2].Value, lines[1].Groups[2].Value);
        }
        Assert.Equal(told.Keys.Order(), sent.Order());
        JsonArray reasons = ApiOperation.Document["components"]!["schemas"]!["Closed"]!["properties"]!["reason"]!["enum"]!.AsArray();
        Assert.Equal(WireName.All<CloseReason>().Order(), reasons.Select(r => (string)r!).Order());
        Assert.Equal(Enum.GetValues<CloseReason>(), happened.OfType<RoundEvent.Closed>().Select(c => c.Reason).Distinct().Order());
    }

    /// <summary>What happens to four rounds, of which each ends in another way.</summary>
    private async Task<List<RoundEvent>> RoundsAsync()
    {
        CancellationToken over = TestContext.Current.CancellationToken;
        using EventHub.Subscription following = api.Events.Follow();
        await api.Loop.GiveFeedbackAsync(await OpenAsync(1), Preferred.Tie, over);
        await api.Loop.GiveFeedbackAsync(await OpenAsync(2), Preferred.Skip, over);
        await OpenAsync(3);
        await OpenAsync(4);
        api.Clock.Advance(TimeSpan.FromHours(1));
        List<RoundEvent> happened = [];
        while (happened.OfType<RoundEvent.Closed>().Count() < 4)
            happened.Add(await following.Events.ReadAsync(over));
        return happened;

        async Task<Guid> OpenAsync(uint seed) =>
            Guid.Parse(
                Id(
                    await CheckAsync(
                        "openRound",
                        Example("openRound").Replace("anna", "events", StringComparison.Ordinal).Replace("7", $"{seed}", StringComparison.Ordinal)
                    )
                )
            );
    }

    private static async Task<string> WrittenAsync(RoundEvent happened)
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        await EventEndpoint.Send(context, happened, withText: true, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(body.ToArray());
    }

    /// <summary>Calls an operation, and holds what comes against the file.</summary>
    private Task<LiveApi.Answer> CheckAsync(string id, string body = "", params (string Name, string Value)[] parameters) =>
        CheckAsync(api, id, body, parameters);

    private static async Task<LiveApi.Answer> CheckAsync(LiveApi api, string id, string body, params (string Name, string Value)[] parameters)
    {
        ApiOperation operation = ApiOperation.Named(id);
        Assert.All(parameters, p => Assert.Contains(p.Name, operation.Parameters("path").Concat(operation.Parameters("query"))));
        LiveApi.Answer answer = await api.CallAsync(operation, body, parameters);
        JsonNode? told = operation.Node["responses"]![answer.Status.ToString(System.Globalization.CultureInfo.InvariantCulture)];
        Assert.True(told is not null, $"{id}: the status {answer.Status} is not told of: {answer.Body}");
        (string type, JsonNode? content) = ApiOperation.Resolve(told)["content"]!.AsObject().Single();
        Assert.Equal(type, answer.ContentType.Split(';')[0]);
        if (type.EndsWith("json", StringComparison.Ordinal))
            SchemaCheck.MustFit(answer.Json, content!["schema"]!);
        // What is read of the query is told of; and where all went well, what is told of was read.
        Assert.Empty(answer.QueryRead.Except(operation.Parameters("query")));
        if (answer.Status == 200)
            Assert.Empty(operation.Parameters("query").Except(answer.QueryRead));
        return answer;
    }

    /// <summary>Sends a body to an operation, whose path names a round and a data set that are there.</summary>
    private async Task<LiveApi.Answer> AskAsync(ApiOperation operation, JsonObject body)
    {
        string round = operation.Parameters("path").Contains("id") ? Id(await CheckAsync("openRound", Example("openRound"))) : "";
        return await api.CallAsync(operation, body.ToJsonString(), ("id", round), ("profile", "anna"), ("digest", Digest));
    }

    private static string Example(string id) => ApiOperation.Named(id).Example.ToJsonString();

    private static string Id(LiveApi.Answer answer) => (string)answer.Json["id"]!;

    [GeneratedRegex("event: (.+)\ndata: (.+)\n\n")]
    private static partial Regex EventLines();
}
