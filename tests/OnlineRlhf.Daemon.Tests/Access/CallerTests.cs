using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OnlineRlhf.Daemon.Http.Access;
using OnlineRlhf.Daemon.Tests.Api;

namespace OnlineRlhf.Daemon.Tests.Access;

/// <summary>A key is for one profile: it can neither name another one nor see anything of it.</summary>
public sealed class CallerTests(LiveApi api) : IClassFixture<LiveApi>
{
    private const string Digest = "0123456789abcdef0123456789abcdef",
        Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"How do I make tea?\"}]";
    private static readonly Caller Anna = new(Guid.NewGuid(), "anna", MayNameProfiles: false, IsTalkLearned: true),
        House = new(Guid.NewGuid(), "house", MayNameProfiles: true, IsTalkLearned: true);

    [Fact]
    public async Task Without_a_name_the_key_s_profile_is_meant()
    {
        await api.LoadAsync();
        Assert.Equal("anna", (string)(await OpenAsync(Anna, null)).Json["profile"]!);
        Assert.Equal("anna", (string)(await OpenAsync(Anna, "anna")).Json["profile"]!);
        Assert.Equal("house", (string)(await OpenAsync(House, null)).Json["profile"]!);
        Assert.Equal("ben", (string)(await OpenAsync(House, "ben")).Json["profile"]!);
        Assert.Equal("default", (string)(await OpenAsync(Caller.Local, null)).Json["profile"]!);
        Assert.Equal("anna", (string)(await ChatAsync(Anna, "gpt-4o")).Json["onlinerlhf"]!["profile"]!);
        Assert.Equal("anna", (string)(await ChatAsync(Anna, "onlinerlhf")).Json["onlinerlhf"]!["profile"]!);
        Assert.Equal("ben", (string)(await ChatAsync(House, "onlinerlhf:ben")).Json["onlinerlhf"]!["profile"]!);
    }

    [Fact]
    public async Task Another_profile_is_refused_on_every_route_that_names_one()
    {
        await api.LoadAsync();
        MustBeRefused(await OpenAsync(Anna, "ben"));
        MustBeRefused(await CallAsync(Anna, "GET", "/v1/rounds/current", query: "?profile=ben"));
        MustBeRefused(await CallAsync(Anna, "POST", "/v1/comparisons", $$"""{ {{Messages}},"chosen":"a","rejected":"b","profile":"ben"}"""));
        MustBeRefused(await CallAsync(Anna, "GET", "/v1/comparisons/{id}", query: "?profile=ben", id: Guid.NewGuid().ToString()));
        MustBeRefused(await CallAsync(Anna, "GET", "/v1/profiles/{profile}/files/{digest}", profile: "ben"));
        MustBeRefused(await CallAsync(Anna, "PUT", "/v1/profiles/{profile}/files/{digest}", """{"runs":1}""", profile: "ben"));
        LiveApi.Answer chat = await ChatAsync(Anna, "onlinerlhf:ben");
        Assert.Equal((403, "other-profile"), (chat.Status, (string)chat.Json["error"]!["code"]!));
        Assert.Equal(403, (await CallAsync(Anna, "GET", "/v1/models/{**id}", id: "onlinerlhf:ben")).Status);
        Assert.Equal(200, (await CallAsync(Anna, "GET", "/v1/models/{**id}", id: "onlinerlhf:anna")).Status);

        static void MustBeRefused(LiveApi.Answer answer) => Assert.Equal((403, "other-profile"), (answer.Status, (string)answer.Json["reason"]!));
    }

    [Fact]
    public async Task A_round_of_another_profile_is_unknown()
    {
        await api.LoadAsync();
        string bens = await AskedAsync("ben");
        Assert.Equal(404, (await CallAsync(Anna, "GET", "/v1/rounds/{id}", id: bens)).Status);
        Assert.Equal(404, (await FeedbackAsync(Anna, bens)).Status);
        Assert.Equal(200, (await CallAsync(House, "GET", "/v1/rounds/{id}", id: bens)).Status);
        Assert.Equal(200, (await FeedbackAsync(Caller.Local, bens)).Status);
        // Nor does a key learn what was answered.
        Assert.Equal(404, (await FeedbackAsync(Anna, bens)).Status);

        string own = await AskedAsync("anna");
        Assert.Equal(200, (await CallAsync(Anna, "GET", "/v1/rounds/{id}", id: own)).Status);
        Assert.Equal(own, (string)(await CallAsync(Anna, "GET", "/v1/rounds/current")).Json["id"]!);
        Assert.Equal(200, (await FeedbackAsync(Anna, own)).Status);
    }

    private async Task<string> AskedAsync(string profile)
    {
        for (int seed = 0; ; seed++)
        {
            LiveApi.Answer round = await CallAsync(
                Caller.Local,
                "POST",
                "/v1/rounds",
                $$"""{ {{Messages}},"profile":"{{profile}}","seed":{{seed}} }"""
            );
            if ((bool)round.Json["asked"]!)
                return (string)round.Json["id"]!;
        }
    }

    private Task<LiveApi.Answer> OpenAsync(Caller caller, string? profile) =>
        CallAsync(caller, "POST", "/v1/rounds", $$"""{ {{Messages}},"profile":{{(profile is null ? "null" : $"\"{profile}\"")}} }""");

    private Task<LiveApi.Answer> ChatAsync(Caller caller, string model) =>
        CallAsync(caller, "POST", "/v1/chat/completions", $$"""{ {{Messages}},"model":"{{model}}" }""");

    private Task<LiveApi.Answer> FeedbackAsync(Caller caller, string round) =>
        CallAsync(caller, "POST", "/v1/rounds/{id}/feedback", """{"preferred":"first"}""", id: round);

    private Task<LiveApi.Answer> CallAsync(
        Caller caller,
        string method,
        string path,
        string body = "",
        string query = "",
        string? id = null,
        string? profile = null
    ) =>
        api.CallAsync(
            method,
            path,
            body,
            context =>
            {
                context.Features.Set(caller);
                context.Request.QueryString = new QueryString(query);
                (context.Request.RouteValues["id"], context.Request.RouteValues["profile"]) = (id, profile);
                context.Request.RouteValues["digest"] = Digest;
            }
        );
}
